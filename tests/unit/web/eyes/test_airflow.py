"""What is read from Airflow's own database: runs, rows at work, and approvals with their age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select, update

from tests.unit.web.airflow_here import AirflowHere, airflow_here
from turnup.ports import NewRun
from turnup.web.eyes.airflow import AirflowRun, look
from turnup.web.starting import AirflowRuns

INSTALL = "server_install"


@pytest.fixture(scope="module", autouse=True)
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHere]:
    with airflow_here(tmp_path_factory.mktemp("airflow"), "server_install.py") as here:
        yield here


def start(run_id: str) -> None:
    parameters = {"site": "here", "rack": "A", "servers": []}
    assert AirflowRuns().create(NewRun(INSTALL, run_id, parameters, "ann", "ann started it."))


def test_an_empty_airflow_has_nothing_to_tell() -> None:
    seen = look()
    assert (seen.runs, seen.states, seen.at_work, seen.asking) == ((), {}, (), ())


def test_runs_rows_and_approvals_are_told_with_their_sites_and_ages() -> None:
    start("one")
    start("two")
    began = datetime.now(UTC) - timedelta(minutes=10)
    with create_session() as session:
        session.execute(update(DagRun).where(DagRun.run_id == "two").values(state="success", end_date=began))
        tasks = {task.task_id: task for task in session.scalars(select(TaskInstance).where(TaskInstance.run_id == "one"))}
        tasks["snapshot"].state, tasks["snapshot"].start_date = "running", began
        tasks["approval"].state, tasks["approval"].start_date = "awaiting_input", began
        asked = began + timedelta(minutes=5)
        row: dict[str, Any] = {
            "options": ["Approve"],
            "subject": "?",
            "defaults": None,
            "multiple": False,
            "params": {},
            "created_at": asked,
        }
        session.add(HITLDetail(ti_id=tasks["approval"].id, **row))
    seen = look()
    assert AirflowRun(INSTALL, "one", "here", going_on=True, ended="") in seen.runs
    assert [run.going_on for run in seen.runs if run.run_id == "two"] == [False]
    assert seen.states == {(INSTALL, "queued"): 1, (INSTALL, "success"): 1}
    assert seen.claims == {"server_install/one"}
    assert 600 <= seen.ended[INSTALL, "success"] < 660
    (working,), (asking,) = seen.at_work, seen.asking
    assert (working.row, working.site, 600 <= working.seconds < 660) == ("snapshot", "here", True)
    assert (asking.row, asking.site, 300 <= asking.seconds < 360) == ("approval", "here", True)
