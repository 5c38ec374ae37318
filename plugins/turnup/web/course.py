"""What Airflow knows of turnup's runs, in three queries: runs, their tasks, and which server has which index.

Asked from Airflow's database through its own models, as `runs.py` does: over REST forty servers would be dozens of calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from turnup.domain.board import DAGS
from turnup.domain.errors import Transient
from turnup.domain.progress import ASKS, RunSeen, TaskSeen
from turnup.web.runs import GOING_ON

NAMES = ("plan", "seal", "check")
"""The tasks whose XCom is the names of the servers, in the order of the mapped tasks' indexes."""

RECENT = timedelta(days=3)
"""Runs that began so long ago are looked at for a rack, beside those that its servers name."""

MOST = 300
"""Recent runs that are looked at. Of those that go on or hold a server none is left out: it would look as if nobody had it."""

type Key = tuple[str, str]


class Course:
    """How runs go. `session` opens Airflow's database."""

    def __init__(self, session: Callable[[], AbstractContextManager[Session]] = create_session) -> None:
        self._session = session

    def going_on(self) -> tuple[RunSeen, ...]:
        """Every run that has not ended, the newest first, with those of its tasks that ask somebody. Transient: no answer."""
        return self._seen(DagRun.state.in_(GOING_ON), TaskInstance.state == ASKS)

    def of_rack(self, site: str, rack: str, named: Collection[str]) -> tuple[RunSeen, ...]:
        """The rack's runs with all their tasks: those of these claims, those that go on, and those of the last days."""
        keys = [(dag, run) for dag, _, run in (claim.partition("/") for claim in named) if dag in DAGS and run]
        some = or_(DagRun.state.in_(GOING_ON), _recent(), *([_of(DagRun.dag_id, DagRun.run_id, keys)] if keys else []))
        return self._seen(some, None, lambda run: run.site in {"", site} and run.rack in {"", rack})

    def _seen(
        self,
        which: ColumnElement[bool],
        tasks: ColumnElement[bool] | None,
        wanted: Callable[[RunSeen], bool] = lambda run: True,  # noqa: ARG005
    ) -> tuple[RunSeen, ...]:
        try:
            with self._session() as session:
                runs = [run for run in _runs(session, which) if wanted(run)]
                keys = [(run.dag_id, run.run_id) for run in runs]
                found = _tasks(session, keys, tasks) if keys else {}
                names = _names(session, keys) if keys else {}
        except SQLAlchemyError as error:
            what = f"Airflow's database does not answer ({type(error).__name__})."
            raise Transient(what, "look at the API server's log.", cause="airflow-unavailable") from None
        return tuple(_with(run, found, names) for run in runs)


def _recent() -> ColumnElement[bool]:
    """The newest of the last days. MySQL takes a limit only in a query within the query."""
    of_days = DagRun.dag_id.in_(DAGS), DagRun.run_after >= datetime.now(UTC) - RECENT
    newest = select(DagRun.id).where(*of_days).order_by(DagRun.id.desc()).limit(MOST).subquery()
    return DagRun.id.in_(select(newest.c.id))


def _runs(session: Session, which: ColumnElement[bool]) -> list[RunSeen]:
    columns = (
        DagRun.dag_id,
        DagRun.run_id,
        DagRun.state,
        DagRun.triggering_user_name,
        DagRun.run_after,
        DagRun.start_date,
        DagRun.end_date,
        DagRun.conf,
    )
    query = select(*columns).where(DagRun.dag_id.in_(DAGS), which).order_by(DagRun.id.desc())
    return [_run(*row) for row in session.execute(query)]


def _run(
    dag_id: str,
    run_id: str,
    state: object,
    by: str | None,
    after: datetime | None,
    began: datetime | None,
    ended: datetime | None,
    conf: Any,
) -> RunSeen:
    asked: Mapping[str, Any] = conf if isinstance(conf, dict) else {}
    return RunSeen(
        dag_id=dag_id,
        run_id=run_id,
        state=str(getattr(state, "value", state)),
        started_by=by or "",
        began=_text(began or after),
        ended=_text(ended),
        site=str(asked.get("site") or ""),
        rack=str(asked.get("rack") or ""),
        servers=_strings(asked.get("servers")),
        dry_run=bool(asked.get("dry_run")),
    )


def _tasks(session: Session, keys: Sequence[Key], which: ColumnElement[bool] | None) -> dict[Key, list[TaskSeen]]:
    task = TaskInstance
    columns = (task.dag_id, task.run_id, task.task_id, task.map_index, task.state, task.start_date, task.end_date)
    query = select(*columns, task.queued_dttm).where(_of(task.dag_id, task.run_id, keys))
    found: dict[Key, list[TaskSeen]] = defaultdict(list)
    for dag, run, name, index, state, began, ended, queued in session.execute(query if which is None else query.where(which)):
        word = None if state is None else str(getattr(state, "value", state))
        found[dag, run].append(TaskSeen(name, index, word, _text(ended or began or queued)))
    return found


def _names(session: Session, keys: Sequence[Key]) -> dict[Key, tuple[str, ...]]:
    returned = and_(XComModel.task_id.in_(NAMES), XComModel.key == "return_value", XComModel.map_index == -1)
    query = select(XComModel.dag_id, XComModel.run_id, XComModel.value)
    rows = session.execute(query.where(returned, _of(XComModel.dag_id, XComModel.run_id, keys)))
    return {(row.dag_id, row.run_id): _strings(XComModel.deserialize_value(row)) for row in rows}


def _of(dag_id: Any, run_id: Any, keys: Sequence[Key]) -> ColumnElement[bool]:
    by_dag: dict[str, list[str]] = defaultdict(list)
    for dag, run in keys:
        by_dag[dag].append(run)
    return or_(*(and_(dag_id == dag, run_id.in_(runs)) for dag, runs in by_dag.items()))


def _with(run: RunSeen, tasks: Mapping[Key, list[TaskSeen]], names: Mapping[Key, tuple[str, ...]]) -> RunSeen:
    key = (run.dag_id, run.run_id)
    planned = names.get(key)
    return replace(
        run, tasks=tuple(tasks.get(key, ())), servers=run.servers if planned is None else planned, planned=planned is not None
    )


def _strings(found: Any) -> tuple[str, ...]:
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""
