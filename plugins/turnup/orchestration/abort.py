"""server_abort as Airflow tasks: one that looks whether it may be done, then one a server that undoes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from turnup.domain.errors import HardwareFault, Problem, Refused, TurnupError, about, from_document
from turnup.domain.servers import Server
from turnup.domain.states import why_not_abortable
from turnup.flow import hold
from turnup.flow.job import flow_log
from turnup.flow.waiting import advance
from turnup.orchestration.operators import AtWork, failure
from turnup.orchestration.standing import goes_on
from turnup.orchestration.timekeeping import begun, closes, now, timed
from turnup.orchestration.triggers import UndoTrigger
from turnup.orchestration.undoing import remember, undoing
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

UNDOING = timedelta(hours=2)
"""The waits of what is undone end it long before; this ends one that hangs."""


def holder_runs(ti: Any, server: Server) -> bool:
    """Whether the run that the server's claim names goes on. Transient: Airflow did not say."""
    if not server.claim:
        return False
    dag_id, _, run_id = server.claim.partition("/")
    return goes_on(ti, dag_id, run_id)


class AbortCheckOperator(AtWork):
    """Looks whether every named server may be aborted; refuses with every problem at once. Its XCom is their names."""

    @timed
    def execute(self, context: Context) -> list[str]:
        """Look, change nothing."""
        place, ti = self.workplace(context), context["ti"]
        log = flow_log(place.run, self.task_id)
        names = [str(name) for name in context["params"]["servers"]]
        try:
            hold.refuse(place.ports.inventory, place.site_name)
            found = place.ports.inventory.devices(place.site_name, names)
            held = {server.id: holder_runs(ti, server) for server in found}
        except TurnupError as error:
            raise failure(log, error) from None
        problems: list[Problem] = []
        going_on: list[str] = []
        for name in names:
            servers = [server for server in found if server.name == name]
            if len(servers) != 1:
                problems.append(Problem(name, f"is the name of {len(servers)} devices at site {place.site_name}."))
            elif servers[0].status == "planned" and servers[0].claim is None:
                log.info("%s is planned already: nothing to undo", name)
                remember(place, servers[0], "was planned already, so there was nothing to undo")
            elif why_not := why_not_abortable(servers[0], holder_runs=held[servers[0].id]):
                problems.append(Problem(name, why_not, "end that run in Airflow first." if servers[0].claim else ""))
            else:
                going_on.append(name)
        if problems:
            lines = "\n".join(f"  - {problem}" for problem in problems)
            raise failure(
                log,
                Refused(
                    f"The abort is refused, nothing was touched. {len(problems)} problem(s):\n{lines}", cause="abort-refused"
                ),
            )
        return going_on


class UndoOperator(AtWork):
    """Undoes, for one server, what the run that held it last did."""

    template_fields: Sequence[str] = ("server",)

    def __init__(self, *, server: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server = server

    @timed
    def execute(self, context: Context) -> None:
        """Take the server over, undo, give it back. Where that has to wait, the triggerer does it, from the beginning."""
        place = self.workplace(context)
        reason = str(context["params"]["reason"])
        try:
            self.stay_while_held(place)
            ended = self._ended(place, context)
            waits = advance(undoing(place, self.server, ended, reason)) is not None
        except TurnupError as error:
            raise failure(flow_log(place.run, self.task_id, self.server), about(self.server, error)) from None
        if waits:
            run, attempt = place.run, context["ti"].try_number
            where = (run.dag_id, run.run_id, place.site_name, self.task_id, self.server)
            trigger = UndoTrigger(*where, True, begun(context), attempt, ended, reason)
            self.defer(trigger=trigger, method_name="write_down", timeout=UNDOING)

    def _ended(self, place: Workplace, context: Context) -> str | None:
        """The claim that may be broken, if there is one. Refused: its run goes on."""
        (now,) = place.ports.inventory.devices(place.site_name, [self.server])
        ended = now.claim if now.claim != place.run.claim else None
        if ended and holder_runs(context["ti"], now):
            raise Refused(f"The run {ended} holds it and goes on.", "end that run in Airflow first.", cause="run-goes-on")
        return ended

    def write_down(self, context: Context, event: dict[str, str]) -> None:
        """It could not be undone: fail the task with the cause."""
        log = flow_log(self.workplace(context).run, self.task_id, self.server)
        raise failure(log, from_document(event), final=True) from None


class AbortFinishOperator(AtWork):
    """Closes the abort: says which servers it left undone, and fails for them, so that the run shows what became of it."""

    @closes
    @timed
    def execute(self, context: Context) -> None:
        """Look how every server ended."""
        from turnup.reporting.gather import gather  # noqa: PLC0415 -- DAG files import this module
        from turnup.reporting.report import State  # noqa: PLC0415

        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        if context["ti"].xcom_pull(task_ids="check") is None:
            what = "The abort was refused, nothing was touched."
            raise failure(log, Refused(what, "read the log of the task check.", cause="abort-refused"))
        servers = gather(place.records, place.run, now()).servers
        left = [server.name for server in servers if server.state is not State.DONE]
        if left:
            what = f"{len(servers) - len(left)} of {len(servers)} servers are undone; not undone: {', '.join(left)}."
            advice = "each one's cause is in its own task's log; mend it, then clear the server's task that failed."
            raise failure(log, HardwareFault(what, advice, cause="rack-incomplete"))
        log.info("all %d servers are undone", len(servers))
