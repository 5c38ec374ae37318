"""What Airflow's database says of runs, asked by its own models from tables of its own making."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.models import import_all_models
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from turnup.domain.errors import Transient
from turnup.web.course import MOST, Course

DAG = "server_install"
NOW = datetime.now(UTC)
TABLES = [DagRun.__table__, TaskInstance.__table__, XComModel.__table__]


class Database:
    """Three of Airflow's tables in memory."""

    def __init__(self) -> None:
        import_all_models()  # type: ignore[no-untyped-call]  # the tables name each other
        engine = create_engine("sqlite://")
        for table in TABLES:
            table.create(engine)
        self.session = Session(engine)
        self.runs = 0

    @contextmanager
    def open(self) -> Iterator[Session]:
        yield self.session

    def run(self, run_id: str, state: str = "running", dag: str = DAG, days: float = 0, **conf: Any) -> None:
        self.runs += 1
        asked = {"site": "lab1", "rack": "R1", **conf}
        values = {"id": self.runs, "dag_id": dag, "run_id": run_id, "_state": state, "run_type": "manual", "conf": asked}
        times = {"run_after": NOW - timedelta(days=days), "start_date": NOW - timedelta(days=days, seconds=-1)}
        self._insert(
            DagRun, **values, **times, triggering_user_name="ada", clear_number=0, span_status="not_started", log_template_id=None
        )

    def task(self, run_id: str, task: str, state: str | None, index: int = -1) -> None:
        key = {"id": uuid.uuid4(), "dag_id": DAG, "run_id": run_id, "task_id": task, "map_index": index, "state": state}
        rest = {"pool": "default_pool", "pool_slots": 1, "try_number": 1, "max_tries": 0, "span_status": "not_started"}
        self._insert(TaskInstance, **key, **rest, start_date=NOW)

    def names(self, run_id: str, *servers: str, task: str = "plan") -> None:
        values = {"dag_run_id": self.runs, "dag_id": DAG, "run_id": run_id, "task_id": task, "map_index": -1}
        self._insert(XComModel, **values, key="return_value", value=list(servers))

    def _insert(self, model: Any, **values: Any) -> None:
        self.session.execute(insert(model).values(**values))
        self.session.commit()


@pytest.fixture
def database() -> Database:
    return Database()


def test_a_run_is_told_with_its_tasks_and_the_order_of_its_servers(database: Database) -> None:
    database.run("run-1", servers=["b", "a"])
    database.task("run-1", "plan", "success")
    database.task("run-1", "boot", "deferred", 0)
    database.task("run-1", "boot", None, 1)
    database.names("run-1", "a", "b")
    (run,) = Course(database.open).of_rack("lab1", "R1", ())
    assert (run.claim, run.state, run.started_by, run.servers, run.planned) == (
        "server_install/run-1",
        "running",
        "ada",
        ("a", "b"),
        True,
    )
    assert {(one.task, one.index): one.state for one in run.tasks} == {
        ("plan", -1): "success",
        ("boot", 0): "deferred",
        ("boot", 1): None,
    }
    assert datetime.fromisoformat(run.tasks[0].since).tzinfo is not None


def test_before_there_is_a_plan_a_run_is_about_what_was_asked_for(database: Database) -> None:
    database.run("run-1", "queued", servers=["b"])
    (run,) = Course(database.open).going_on()
    assert (run.servers, run.planned, run.going_on) == (("b",), False, True)


def test_of_runs_that_go_on_only_questions_are_told(database: Database) -> None:
    database.run("run-1")
    database.task("run-1", "snapshot", "success")
    database.task("run-1", "approval", "awaiting_input")
    database.run("over", "success")
    (run,) = Course(database.open).going_on()
    assert [one.task for one in run.tasks] == ["approval"]


def test_a_racks_runs_are_those_that_go_on_recent_ones_and_those_that_its_servers_name(database: Database) -> None:
    database.run("named", "failed", days=90)
    database.run("old", "failed", days=90)
    database.run("long", "running", days=90)
    database.run("elsewhere", "running", rack="R2")
    database.run("not-ours", "running", dag="another")
    database.run("recent", "success", days=1)
    found = Course(database.open).of_rack("lab1", "R1", {"server_install/named", "another/not-ours", "nonsense", ""})
    assert [run.run_id for run in found] == ["recent", "long", "named"]


def test_however_many_runs_there_are_none_that_goes_on_or_holds_a_server_is_left_out(database: Database) -> None:
    database.run("named", "failed", days=90)
    database.run("long", "running", days=90)
    for number in range(MOST):
        database.run(f"queued-{number}", "queued", rack="R2")
    for number in range(MOST + 1):
        database.run(f"over-{number}", "success")
    assert len(Course(database.open).going_on()) == MOST + 1
    found = Course(database.open).of_rack("lab1", "R1", {"server_install/named"})
    assert [run.run_id for run in found[-2:]] == ["long", "named"]
    assert len(found) == MOST + 2


@pytest.mark.parametrize("conf", [None, [], {"servers": "all"}, {"servers": [1, None]}, {"site": 7, "rack": None}])
def test_what_was_asked_for_may_be_of_any_form(database: Database, conf: object) -> None:
    database.run("run-1")
    database.session.execute(DagRun.__table__.update().values(conf=conf))
    database.session.commit()
    assert Course(database.open).going_on()[0].servers == ()


def test_a_database_that_is_away_is_told_without_its_statement() -> None:
    def away() -> AbstractContextManager[Session]:
        return Database.open(_Empty())

    with pytest.raises(Transient) as raised:
        Course(away).going_on()
    assert "SELECT" not in str(raised.value)


class _Empty(Database):
    """A database without tables."""

    def __init__(self) -> None:
        self.session = Session(create_engine("sqlite://"))
