"""The tasks of server_abort as Airflow calls them, in a data center of fakes."""

from __future__ import annotations

import runpy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from tests.unit.flow.datacenter import DataCenter, Install
from tests.unit.orchestration.test_operators import FakeWorkplace
from turnup.domain.errors import Refused
from turnup.fakes.records import FakeRecords
from turnup.flow.job import Run
from turnup.orchestration.abort import AbortCheckOperator, AbortFinishOperator, UndoOperator
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records
from turnup.reporting import archive

BEGAN = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


@dataclass
class Task:
    """What the operators ask of their task instance."""

    states: dict[str, str] = field(default_factory=dict)
    checked: list[str] | None = None
    try_number: int = 1
    max_tries: int = 3

    def xcom_pull(self, task_ids: str) -> list[str] | None:
        return self.checked

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
        return self.states.get(f"{dag_id}/{run_id}", "failed")


class AbortPlace(FakeWorkplace):
    """The workplace of an abort, which finds the install's records by its run."""

    def __init__(self, install: Install) -> None:
        super().__init__(install)
        self.__dict__["run"] = Run("server_abort", "abort-1")
        self.__dict__["former"] = install
        self.__dict__["records"] = vars(install).setdefault("records_of_the_abort", FakeRecords())

    def records_of(self, run: Run) -> Records:
        former: Install = self.__dict__["former"]
        assert run == former.run
        return former.records


def over(install: Install, kind: type, **arguments: Any) -> Any:
    class Operator(kind):  # type: ignore[misc]
        def workplace(self, context: Any) -> Workplace:
            return AbortPlace(install)

    named: dict[Any, str] = {AbortCheckOperator: "check", UndoOperator: "undo", AbortFinishOperator: "finish"}
    return Operator(task_id=named[kind], **arguments)


def context(servers: list[str], checked: list[str] | None = None) -> dict[str, Any]:
    dag_run = Namespace(run_after=BEGAN, triggering_user_name="operator")
    return {
        "ti": Task(checked=checked),
        "dag_run": dag_run,
        "params": {"site": "here", "servers": servers, "reason": "changed our minds"},
    }


def failed(world: DataCenter) -> Install:
    """An install whose server a1 failed at boot."""
    world.servers["a1"].bmc.answers = False
    install = Install(world)
    install.everything()
    world.servers["a1"].bmc.answers = True
    return install


def test_a_failed_server_is_checked_undone_and_planned_again() -> None:
    world = DataCenter(2)
    clean = world.footprint()["devices"][0]
    install = failed(world)
    assert over(install, AbortCheckOperator).execute(context(["a1"])) == ["a1"]
    over(install, UndoOperator, server="a1").execute(context(["a1"]))
    assert world.footprint()["devices"][0] == clean
    assert over(install, AbortCheckOperator).execute(context(["a1"])) == []


def test_every_problem_is_told_at_once_and_nothing_is_touched() -> None:
    world = DataCenter(2)
    install = failed(world)
    before = world.footprint()
    with pytest.raises(AirflowFailException) as refused:
        over(install, AbortCheckOperator).execute(context(["a1", "a2", "a9"]))
    assert "2 problem(s)" in str(refused.value)
    assert "a2: is active and held by no run" in str(refused.value)
    assert "a9: is the name of 0 devices" in str(refused.value)
    assert world.footprint() == before


def test_a_run_that_goes_on_keeps_its_claim() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    ti = Task({"server_install/run-1": "running"})
    params = {"servers": ["a1"], "reason": "changed our minds"}
    with pytest.raises(AirflowFailException, match="which has not ended"):
        over(install, AbortCheckOperator).execute({"ti": ti, "params": params})
    with pytest.raises(AirflowFailException, match="goes on"):
        over(install, UndoOperator, server="a1").execute({"ti": ti, "params": params})
    assert world.claims() == {"a1": "server_install/run-1"}


def test_the_claim_of_a_run_that_ended_is_broken() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    assert over(install, AbortCheckOperator).execute(context(["a1"])) == ["a1"]
    over(install, UndoOperator, server="a1").execute(context(["a1"]))
    assert world.claims() == {"a1": None}
    assert world.statuses() == {"a1": "planned"}


def test_the_dag_undoes_each_server_under_its_own_name() -> None:
    file = Path(__file__).parents[3] / "dags/server_abort.py"
    dag = next(value for value in runpy.run_path(str(file)).values() if isinstance(value, DAG))
    assert dag.task_ids == ["check", "undo", "finish"]
    undo = dag.get_task("undo")
    assert undo.map_index_template == "{{ task.server }}"
    assert vars(undo.unmap({"server": "a1"}))["server"] == "a1"


def test_the_report_of_an_abort_says_what_was_undone_of_which_run_and_why() -> None:
    world = DataCenter(2)
    install = failed(world)
    going_on = over(install, AbortCheckOperator).execute(context(["a1"]))
    over(install, UndoOperator, server="a1").execute(context(["a1"]))
    over(install, AbortFinishOperator).execute(context(["a1"], going_on))
    report = archive.read(AbortPlace(install).records, 1)
    assert report is not None
    assert (report.state, report.headline) == ("done", "a1 is planned again.")
    assert (report.started_by, report.reason, report.title) == ("operator", "changed our minds", "Abort of a1, site here")
    (server,) = report.servers
    assert (server.serial, server.rack, server.unit, server.former_run) == ("S1", "A", "U1", "server_install/run-1")
    assert server.undone == ("enter_service", "salt_key", "boot", "dhcp", "addresses", "claim")
    assert server.former_report == "server_install.run-1"


def test_an_abort_that_left_a_server_fails_and_its_report_has_the_cause() -> None:
    world = DataCenter(2)
    install = failed(world)
    going_on = over(install, AbortCheckOperator).execute(context(["a1"]))
    world.dhcp.fail_next("release", Refused("Kea refuses.", "look at Kea."))
    with pytest.raises(AirflowFailException):
        over(install, UndoOperator, server="a1").execute(context(["a1"]))
    with pytest.raises(AirflowFailException, match="0 of 1 servers are undone; not undone: a1"):
        over(install, AbortFinishOperator).execute(context(["a1"], going_on))
    report = archive.read(AbortPlace(install).records, 1)
    assert report is not None
    assert (report.state, report.servers[0].causes[0].what) == ("failed", "Kea refuses.")


def test_a_refused_abort_leaves_a_report_with_every_problem() -> None:
    world = DataCenter(1)
    install = failed(world)
    with pytest.raises(AirflowFailException):
        over(install, AbortCheckOperator).execute(context(["a9"]))
    with pytest.raises(AirflowFailException, match="refused, nothing was touched"):
        over(install, AbortFinishOperator).execute(context(["a9"]))
    report = archive.read(AbortPlace(install).records, 1)
    assert report is not None
    assert report.state == "failed"
    assert "a9: is the name of 0 devices" in report.headline


def test_a_server_that_was_planned_already_is_told_as_such() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    assert over(install, AbortCheckOperator).execute(context(["a1"])) == []
    over(install, AbortFinishOperator).execute(context(["a1"], []))
    report = archive.read(AbortPlace(install).records, 1)
    assert report is not None
    assert (report.state, report.servers[0].remark) == ("done", "was planned already, so there was nothing to undo")
