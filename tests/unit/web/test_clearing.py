"""A failed task is cleared with what follows it, in Airflow's own database; the other servers' tasks stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskmap import TaskMap
from airflow.utils.session import create_session
from fastapi import HTTPException
from sqlalchemy import select, update

from tests.unit.web.airflow_here import airflow_here
from turnup.domain.errors import Conflict
from turnup.flow.install import INSTALL
from turnup.ports import NewRun
from turnup.web.clearing import EVENT, Tasks
from turnup.web.orders import ResumeOrder
from turnup.web.starting import AirflowRuns

DAG = "server_install"
ROWS = [row.name for row in INSTALL.server_rows]


@pytest.fixture(scope="module", autouse=True)
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with airflow_here(tmp_path_factory.mktemp("airflow"), "server_install.py"):
        yield


@pytest.fixture
def run() -> str:
    """A run of two servers that ended: a1 failed at `identity`, a2 is active."""
    run_id = f"racks__{uuid4()}"
    AirflowRuns().create(NewRun(DAG, run_id, {"site": "here", "rack": "A", "servers": []}, "ann", ""))
    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
        dag = DBDagBag().get_dag_for_run(found, session=session)
        assert dag is not None
        session.add(TaskMap(DAG, "plan", run_id, -1, 2, ["a1", "a2"]))
        for task in found.get_task_instances(session=session):
            if task.task_id in ROWS:
                operator = dag.get_task(task.task_id)
                for index in range(2):
                    session.add(TaskInstance(operator, task.dag_version_id, run_id=run_id, map_index=index, state="success"))
                session.delete(task)
            else:
                task.state = "success"
        found.state = "failed"
    set_to("failed", run_id, "identity", 0)
    set_to("failed", run_id, "finish")
    for row in ROWS[ROWS.index("identity") + 1 :]:
        set_to("upstream_failed", run_id, row, 0)
    return run_id


def set_to(state: str, run_id: str, task_id: str, map_index: int = -1) -> None:
    with create_session() as session:
        of_task = (TaskInstance.run_id == run_id, TaskInstance.task_id == task_id, TaskInstance.map_index == map_index)
        session.execute(update(TaskInstance).where(*of_task).values(state=state))


def states(run_id: str) -> Mapping[tuple[str, int], str | None]:
    with create_session() as session:
        rows = session.execute(
            select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state).where(TaskInstance.run_id == run_id)
        ).all()
        return {(task, index): state and str(state) for task, index, state in rows}


def order(of_run: str, **differs: Any) -> ResumeOrder:
    return ResumeOrder.model_validate({"dag_id": DAG, "run_id": of_run, "task_id": "identity", "map_index": 0} | differs)


def test_the_server_goes_on_at_its_step_and_the_others_are_left_alone(run: str) -> None:
    before = states(run)
    Tasks().resume(order(run), "ann")
    after = states(run)
    changed = {key for key in before if before[key] != after[key]}
    following = ROWS[ROWS.index("identity") :]
    assert changed >= {(row, 0) for row in following} | {("finish", -1)}
    assert not any(index == 1 or task in ("snapshot", "plan", "claim", "boot") for task, index in changed)
    assert all(after[key] is None for key in changed)
    with create_session() as session:
        assert session.scalars(select(DagRun.state).where(DagRun.run_id == run)).one() == "queued"


def test_airflow_s_audit_log_says_who_resumed_what(run: str) -> None:
    Tasks().resume(order(run), "ann")
    with create_session() as session:
        (told,) = session.scalars(select(Log).where(Log.event == EVENT, Log.run_id == run)).all()
        assert (told.owner, told.dag_id, told.task_id, told.map_index) == ("ann", DAG, "identity", 0)


def test_pressed_twice_it_is_cleared_once(run: str) -> None:
    Tasks().resume(order(run), "ann")
    with pytest.raises(Conflict, match=r"identity\[0\] of this run has not failed: it is about to begin"):
        Tasks().resume(order(run), "ann")


@pytest.mark.parametrize("state", ["running", "deferred", "queued", "success", "up_for_retry", "awaiting_input"])
def test_what_has_not_failed_is_not_disturbed(run: str, state: str) -> None:
    set_to(state, run, "identity", 0)
    before = states(run)
    with pytest.raises(Conflict, match=f"it is {state}"):
        Tasks().resume(order(run), "ann")
    assert states(run) == before


def test_while_the_closing_row_is_at_work_nothing_is_cleared(run: str) -> None:
    set_to("running", run, "finish")
    before = states(run)
    with pytest.raises(Conflict, match="at work just now"):
        Tasks().resume(order(run), "ann")
    assert states(run) == before


def test_a_task_of_the_whole_rack_can_be_resumed(run: str) -> None:
    set_to("failed", run, "plan")
    Tasks().resume(order(run, task_id="plan", map_index=-1), "ann")
    after = states(run)
    assert after["snapshot", -1] == "success"
    assert after["plan", -1] is None
    assert after["finish", -1] is None


@pytest.mark.parametrize("differs", [{"run_id": "none"}, {"task_id": "none"}, {"map_index": 7}, {"map_index": -1}])
def test_what_is_not_there_is_not_found(run: str, differs: dict[str, Any]) -> None:
    with pytest.raises(HTTPException, match="has no task"):
        Tasks().resume(order(run, **differs), "ann")
