"""The trigger in which every waiting row runs: in the triggerer, so that a boot or a day of burn-in holds no worker.

A step's calls block, so each goes to a thread of a bounded pool; between them the event loop is free. The trigger starts the row
anew after a restart of the triggerer; rows are made for that.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from turnup.domain.errors import TurnupError, as_document
from turnup.domain.notices import Event
from turnup.flow import hold
from turnup.flow.course import course
from turnup.flow.documents import latest
from turnup.flow.flows import rows_for
from turnup.flow.job import FlowLog, Run, flow_log
from turnup.flow.times import Outcome, Span, Waited, longest
from turnup.flow.waiting import Patience, Wait, Waiting, advance
from turnup.orchestration import settings
from turnup.orchestration.noticing import Asked, hold_key
from turnup.orchestration.telling import tell
from turnup.orchestration.timekeeping import keep_span, now
from turnup.orchestration.undoing import undoing
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records

THREADS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="turnup-row")
"""How many servers' calls go on at once in one triggerer."""

ON_HOLD = "on-hold"
"""The cause that a wait for the end of a hold would end with."""

SAY_EVERY = 30.0
"""Seconds between two log lines about the same wait."""


class ServerRowTrigger(BaseTrigger):
    """Runs one per-server row of a flow. Ends the task itself where all is well; else a worker writes down what happened."""

    settled = 5.0
    """Seconds after which the scheduler has surely heard from the worker that the task is deferred.

    A task that comes back to a worker before that is taken for a dead one and tried again.
    """

    telling = 60.0
    """Seconds after which a notifier that hangs is left alone."""

    def __init__(
        self,
        dag_id: str,
        run_id: str,
        site: str,
        row: str,
        server: str,
        resumed: bool,
        began: str = "",
        attempt: int = 1,
    ) -> None:
        # Nothing but assignments: an exception in here ends the whole triggerer.
        super().__init__()  # type: ignore[no-untyped-call]
        self.dag_id = dag_id
        self.run_id = run_id
        self.site = site
        self.row = row
        self.server = server
        self.resumed = resumed
        self.began = began
        self.attempt = attempt

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Path and arguments, as Airflow keeps them in its database. No secret among them."""
        names = ("dag_id", "run_id", "site", "row", "server", "resumed", "began", "attempt")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run the row; one event at its end."""
        began = time.monotonic()
        waited: dict[str, Waited] = {}
        try:
            await self._row(waited)
        except TurnupError as error:
            failed = error
        except Exception as error:  # a defect of ours still has to leave a cause on its server
            self.log.exception("This should not happen:")
            what = f"turnup ran into a defect of its own ({type(error).__name__}: {error})."
            failed = TurnupError(what, "read the log above, then clear this task.", cause="turnup-defect")
        else:
            await in_thread(partial(self._keep_time, waited))
            yield TaskSuccessEvent()
            return
        await in_thread(partial(self._keep_time, waited, failed))
        await asyncio.sleep(self.settled - (time.monotonic() - began))
        yield TriggerEvent(as_document(failed))  # type: ignore[no-untyped-call]

    async def _row(self, waited: dict[str, Waited]) -> None:
        step, log = await in_thread(self._begin)
        patience = Patience(time.monotonic)
        said: dict[str, float] = {}
        wait = await in_thread(partial(advance, step))
        while wait is not None:
            over = patience.is_over(wait)
            _say(log, wait, patience.waited(wait), said)
            if wait.otherwise.cause == ON_HOLD and wait.what not in waited:
                with suppress(TimeoutError):
                    await asyncio.wait_for(in_thread(partial(self._tell_hold, log, wait.last)), self.telling)
            waited[wait.what] = Waited(wait.what, patience.waited(wait), wait.last)
            if not over:
                await asyncio.sleep(wait.every)
            wait = await in_thread(partial(advance, step, wait.error() if over else None))

    def _tell_hold(self, log: FlowLog, hold: str) -> None:
        """Tell it from here, where no run of another DAG can be started: of a run's servers that wait, the first does."""
        try:
            place = self._place()
            if not place.site.notices.wants(Event.HOLD_SET):
                return
            asked = Asked(self.dag_id, self.run_id, self.site, Event.HOLD_SET.value, hold_key(hold))
            tell(place, asked, f"{self.row} {self.server}")
        except Exception as error:  # whatever it is: an install goes on
            log.warning("The hold is not told: %s", error)

    def _keep_time(self, waited: dict[str, Waited], error: TurnupError | None = None) -> None:
        outcome, document = (Outcome.FAILED, as_document(error)) if error else (Outcome.DONE, {})
        began, ended = self.began or now(), now()
        span = Span(self.row, self.attempt, began, ended, outcome, self.server, longest(waited.values()), document)
        keep_span(settings.run_of(self.dag_id, self.run_id), self._records, span)

    def _place(self) -> Workplace:
        return Workplace(settings.run_of(self.dag_id, self.run_id), self.site)

    def _records(self) -> Records:
        return self._place().records

    def _begin(self) -> tuple[Waiting[None], FlowLog]:
        place = self._place()
        job = place.job(self.row, self.server)
        flow = rows_for(job.plan)
        resumed = self.resumed or latest(job, "failed") is not None
        return course(flow, flow.server_row(self.row), job, resumed=resumed), job.log


class UndoTrigger(ServerRowTrigger):
    """Undoes what a run did to a server, on behalf of an abort. `ended` is the claim that may be broken."""

    def __init__(
        self,
        dag_id: str,
        run_id: str,
        site: str,
        row: str,
        server: str,
        resumed: bool,
        began: str = "",
        attempt: int = 1,
        ended: str | None = None,
        reason: str = "",
    ) -> None:
        # Nothing but assignments: an exception in here ends the whole triggerer.
        super().__init__(dag_id, run_id, site, row, server, resumed, began, attempt)
        self.ended = ended
        self.reason = reason

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Path and arguments."""
        path, arguments = super().serialize()
        return path, {**arguments, "ended": self.ended, "reason": self.reason}

    def _begin(self) -> tuple[Waiting[None], FlowLog]:
        place = Workplace(settings.run_of(self.dag_id, self.run_id), self.site)
        log = flow_log(place.run, self.row, self.server)
        return undoing(place, self.server, self.ended, self.reason), log


class HoldTrigger(BaseTrigger):
    """Waits for the end of a hold on behalf of a task that works in a worker; it says what it waits for, and why."""

    def __init__(self, dag_id: str, run_id: str, site: str, row: str) -> None:
        # Nothing but assignments: an exception in here ends the whole triggerer.
        super().__init__()  # type: ignore[no-untyped-call]
        self.dag_id = dag_id
        self.run_id = run_id
        self.site = site
        self.row = row

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Path and arguments."""
        names = ("dag_id", "run_id", "site", "row")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until the hold is lifted. NetBox that does not answer means that nobody knows: it is still waited."""
        began, said = time.monotonic(), dict[str, float]()
        wait: Wait | None = self.unknown("not looked at yet")
        while wait is not None:
            await asyncio.sleep(wait.every)
            try:
                log, wait = await in_thread(self.look)
            except TurnupError as error:
                log, wait = flow_log(Run(self.dag_id, self.run_id), self.row), self.unknown(error.what)
            if wait is not None:
                _say(log, wait, time.monotonic() - began, said)
        yield TriggerEvent({"lifted": self.site})  # type: ignore[no-untyped-call]

    def look(self) -> tuple[FlowLog, Wait | None]:
        """The hold as it is now; blocks."""
        place = Workplace(settings.run_of(self.dag_id, self.run_id), self.site)
        return flow_log(place.run, self.row), advance(hold.lifted(place.ports.inventory, self.site))

    def unknown(self, last: str) -> Wait:
        """What is waited for where the last look saw nothing."""
        return Wait(
            "the hold to be lifted", float("inf"), TurnupError("A hold was not lifted."), every=hold.LOOK_EVERY, last=last
        )


def _say(log: FlowLog, wait: Wait, waited: float, said: dict[str, float]) -> None:
    """One line when a wait begins, and one every half minute."""
    last = said.get(wait.what)
    if last is not None and waited - last < SAY_EVERY:
        return
    said[wait.what] = waited
    seen = f"; last answer: {wait.last}" if wait.last else ""
    log.info("waiting for %s (%s)%s", wait.what, _so_far(waited, wait.within), seen)


def _so_far(waited: float, within: float) -> str:
    """How long of how long: `12 of 90 s`, `75 min of 34 h`."""
    if within == float("inf"):
        return f"{waited:.0f} s"
    if within >= 2 * 3600:
        return f"{waited / 60:.0f} min of {within / 3600:g} h"
    return f"{waited:.0f} of {within:.0f} s"


async def in_thread[T](call: Callable[[], T]) -> T:
    """Make a blocking call in the bounded pool, with the log context of the task it belongs to."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(THREADS, lambda: context.run(call))
