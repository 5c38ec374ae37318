"""Who did what when, kept with the run: flow and domain have no clock, so their times come from here.

What cannot be kept is said in the log and ends nothing: a missing time is a gap in a report, no reason to stop an install.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Protocol

from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout, DownstreamTasksSkipped

from turnup.domain.errors import TurnupError, as_document
from turnup.flow import times
from turnup.flow.job import Run, flow_log
from turnup.flow.times import FACTS, Outcome, Span
from turnup.orchestration.reports import publish
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records

if TYPE_CHECKING:
    from airflow.sdk import Context


class Timed(Protocol):
    """An operator whose tries are kept; one that has a `server` works for that server alone."""

    @property
    def task_id(self) -> str:
        """The row's name."""
        ...

    def workplace(self, context: Context) -> Workplace:
        """Where its run keeps its documents."""
        ...

    def get_flat_relatives(self, upstream: bool = False) -> Collection[Any]:
        """The tasks that follow it."""
        ...


def now() -> str:
    """The time, as documents have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def begun(context: Context) -> str:
    """When this try of the task began; also where it has waited since, outside a worker."""
    began = getattr(context["ti"], "start_date", None)
    return began.astimezone(UTC).isoformat(timespec="milliseconds") if began else now()


def timed[T: Timed, **P, R](method: Callable[Concatenate[T, Context, P], R]) -> Callable[Concatenate[T, Context, P], R]:
    """Keep begin, end and outcome of a task's try, and the cause where it fails. A run after which nothing follows is reported.

    A try that goes on waiting outside a worker (`TaskDeferred`) has not ended, and is kept when it has.
    """

    @wraps(method)
    def keeping_time(self: T, context: Context, *args: P.args, **kwargs: P.kwargs) -> R:
        began, place, ti = begun(context), self.workplace(context), context["ti"]
        _keep_facts(place, context)

        def keep(outcome: Outcome, error: Mapping[str, Any] | None = None) -> None:
            server = str(getattr(self, "server", ""))
            span = Span(self.task_id, ti.try_number, began, now(), outcome, server, **(error or {}))
            keep_span(place.run, lambda: place.records, span)

        try:
            result = method(self, context, *args, **kwargs)
        except DownstreamTasksSkipped as skipped:
            keep(Outcome.DONE)
            if {task.task_id for task in self.get_flat_relatives(upstream=False)} <= set(skipped.tasks):
                publish(place, now())
            raise
        except (Exception, AirflowTaskTimeout) as error:
            keep(Outcome.FAILED if _is_last(context, error) else Outcome.AGAIN, _told(error))
            raise
        keep(Outcome.DONE)
        return result

    return keeping_time  # type: ignore[return-value]  # Airflow gives the context by its name


def closes[T: Timed, R](method: Callable[[T, Context], R]) -> Callable[[T, Context], R]:
    """Write the run's report after the task that ends the run, however it ended."""

    @wraps(method)
    def publishing(self: T, context: Context) -> R:
        try:
            result = method(self, context)
        except (Exception, AirflowTaskTimeout) as error:
            publish(self.workplace(context), now(), final=_is_last(context, error))
            raise
        publish(self.workplace(context), now())
        return result

    return publishing


def _is_last(context: Context, error: BaseException) -> bool:
    """Whether Airflow does not try the task again by itself after this error."""
    ti = context["ti"]
    return isinstance(error, AirflowFailException) or ti.try_number > ti.max_tries


def keep_span(run: Run, records: Callable[[], Records], span: Span) -> None:
    """Keep one try of a row."""
    try:
        times.keep(records(), span)
    except Exception as error:
        flow_log(run, span.row, span.server).warning("Its times are not kept: %s", error)


def _told(error: BaseException) -> dict[str, Any]:
    """What ended the try, in turnup's words: the error that an Airflow exception was made of."""
    cause = error.__context__ if isinstance(error.__context__, TurnupError) else TurnupError(str(error) or type(error).__name__)
    problems = tuple({"subject": one.subject, "what": one.what, "advice": one.advice} for one in getattr(cause, "problems", ()))
    return {"error": as_document(cause), "problems": problems}


def _keep_facts(place: Workplace, context: Context) -> None:
    """Once a run: who started it, when, and what was asked for."""
    dag_run = context.get("dag_run")
    try:
        if dag_run is None or place.records.read(FACTS) is not None:
            return
        after, kind = getattr(dag_run, "run_after", None), getattr(dag_run, "run_type", "")
        facts = {
            "started_by": getattr(dag_run, "triggering_user_name", None) or str(getattr(kind, "value", kind)),
            "started_at": after.astimezone(UTC).isoformat(timespec="milliseconds") if after else begun(context),
            "params": dict(context.get("params") or {}),
        }
        place.records.write(FACTS, json.dumps(facts, sort_keys=True, default=str).encode())
    except TurnupError as error:
        flow_log(place.run, "report").warning("Who started the run is not kept: %s", error)
