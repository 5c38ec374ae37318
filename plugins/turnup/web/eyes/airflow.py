"""What Airflow's database says: runs, rows that are being done, and what waits for somebody's yes. Three queries, all indexed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import func, select

from turnup.reporting.history import DAGS

SCHEDULED = ("fleet_audit", "webhook_sweep")
OURS = (*DAGS, "server_abort", *SCHEDULED)
GOING_ON = ("queued", "running")
AT_WORK = ("running", "deferred")
ASKING = "awaiting_input"


@dataclass(frozen=True)
class AirflowRun:
    """A run of one of turnup's DAGs that takes servers along; `ended` changes when a run is resumed and ends again."""

    dag_id: str
    run_id: str
    site: str
    going_on: bool
    ended: str

    @property
    def version(self) -> str:
        """Another one whenever it may have done more than before."""
        return "going on" if self.going_on else self.ended


@dataclass(frozen=True)
class Row:
    """A row's task that is at work, or waits for an answer; `seconds` since it began, or since it asked."""

    dag_id: str
    row: str
    site: str
    seconds: float


@dataclass(frozen=True)
class Seen:
    """`states` {(DAG, state): runs}, `ended` {(DAG, state): seconds since the last run ended so}."""

    runs: tuple[AirflowRun, ...]
    states: dict[tuple[str, str], int]
    ended: dict[tuple[str, str], float]
    at_work: tuple[Row, ...]
    asking: tuple[Row, ...]

    @property
    def claims(self) -> frozenset[str]:
        """How NetBox names the runs that go on."""
        return frozenset(f"{run.dag_id}/{run.run_id}" for run in self.runs if run.going_on)


def look() -> Seen:
    """As it is now."""
    now = datetime.now(UTC)
    with create_session() as session:
        columns = (DagRun.dag_id, DagRun.run_id, DagRun.conf, DagRun.state, DagRun.end_date)
        runs = session.execute(select(*columns).where(DagRun.dag_id.in_((*DAGS, "server_abort")))).all()
        totals = select(DagRun.dag_id, DagRun.state, func.count(), func.max(DagRun.end_date)).where(DagRun.dag_id.in_(OURS))
        states = session.execute(totals.group_by(DagRun.dag_id, DagRun.state)).all()
        tasks = select(TaskInstance.dag_id, TaskInstance.task_id, DagRun.conf, TaskInstance.state, TaskInstance.start_date)
        tasks = tasks.add_columns(HITLDetail.created_at).join(TaskInstance.dag_run)
        tasks = tasks.outerjoin(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        tasks = tasks.where(TaskInstance.dag_id.in_(OURS), TaskInstance.state.in_((*AT_WORK, ASKING)))
        working = session.execute(tasks).all()
    return Seen(
        tuple(AirflowRun(dag, run, _site(conf), str(state) in GOING_ON, str(end or "")) for dag, run, conf, state, end in runs),
        {(dag, str(state)): count for dag, state, count, _ in states},
        {(dag, str(state)): _since(last, now) for dag, state, _, last in states if last},
        _rows(working, now, AT_WORK),
        _rows(working, now, (ASKING,)),
    )


def _rows(
    working: Sequence[tuple[str, str, object, str, datetime | None, datetime | None]], now: datetime, states: Sequence[str]
) -> tuple[Row, ...]:
    return tuple(
        Row(dag, row, _site(conf), _since((asked if state == ASKING else None) or began, now))
        for dag, row, conf, state, began, asked in working
        if state in states
    )


def _since(at: datetime | None, now: datetime) -> float:
    if at is None:
        return 0.0
    return max(0.0, (now - (at if at.tzinfo else at.replace(tzinfo=UTC))).total_seconds())


def _site(conf: object) -> str:
    return str(conf.get("site") or "") if isinstance(conf, dict) else ""
