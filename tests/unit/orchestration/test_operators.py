"""The operators as Airflow calls them, in a data center of fakes: clears, late tries, rows that fail as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskDeferred,
)

from tests.unit.flow.datacenter import DataCenter, Install
from turnup.domain.errors import HardwareFault, Transient, as_document
from turnup.domain.holds import Hold
from turnup.domain.plans import Plan
from turnup.domain.policy import Site
from turnup.domain.servers import Server
from turnup.flow.approval import APPROVE, REJECT, Decision, keep
from turnup.flow.job import Run
from turnup.flow.replanning import offer, propose
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.orchestration.operators import FinishOperator, PlanOperator, RackRowOperator, ServerRowOperator
from turnup.orchestration.preflight import PreflightOperator
from turnup.orchestration.triggers import HoldTrigger, ServerRowTrigger
from turnup.orchestration.workplace import Workplace
from turnup.ports import DeviceWrite, Ports


class FakeWorkplace(Workplace):
    """The workplace of a run over fakes."""

    def __init__(self, install: Install) -> None:
        super().__init__(install.run, "here")
        self.__dict__.update(
            {"ports": install.ports, "records": install.records, "site": install.policy.site, "policy": install.policy}
        )


def over(install: Install, kind: type, **arguments: Any) -> Any:
    """An operator of that kind which works at the fake workplace."""

    class Operator(kind):  # type: ignore[misc]
        def workplace(self, context: Any) -> Workplace:
            return FakeWorkplace(install)

    if "row" in arguments:
        arguments |= {"task_id": arguments["row"]}
    return Operator(**{"task_id": "task", "retries": 3} | arguments)


@dataclass
class Task:
    """What an operator asks of its task instance."""

    try_number: int = 1
    max_tries: int = 3
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_pull(self, task_ids: str) -> Any:
        return self.xcoms.get(task_ids)


def run_task(operator: Any, **task: Any) -> Any:
    return operator.execute({"ti": Task(**task)})


def planned(world: DataCenter, run_id: str = "run-1") -> Install:
    install = Install(world, run_id)
    install.make_plan()
    return install


def test_a_run_that_is_refused_leaves_the_boot_scripts_of_the_run_that_holds_the_rack() -> None:
    world = DataCenter(2)
    second = planned(world, "run-2")
    first = planned(world)
    first.rack_rows()
    mac = world.servers["a1"].mac
    world.boot_files.write(mac, "script of run-1")
    with pytest.raises(AirflowFailException, match="held by the run server_install/run-1"):
        run_task(over(second, RackRowOperator, row="claim", after="plan"), xcoms={"plan": ["a1", "a2"]})
    assert world.boot_files.read(mac) == "script of run-1"
    assert set(world.claims().values()) == {"server_install/run-1"}


@pytest.mark.parametrize("row", ["addresses", "dhcp"])
def test_a_rack_wide_task_of_a_finished_run_that_is_cleared_touches_nothing(row: str) -> None:
    world = DataCenter(2)
    install = Install(world)
    install.everything()
    before = world.footprint()
    going_on = run_task(over(install, RackRowOperator, row=row, after="claim"), try_number=2, xcoms={"claim": ["a1", "a2"]})
    assert going_on == []
    assert world.footprint() == before


def test_a_row_that_is_tried_again_by_airflow_fails_no_server_before_its_last_try() -> None:
    world = DataCenter(1)
    install = planned(world)
    operator = over(install, RackRowOperator, row="claim", after="plan")
    for try_number, status in ((1, "planned"), (6, "planned")):
        world.inventory.fail_next("write", Transient("busy"))
        with pytest.raises(AirflowException):
            run_task(operator, try_number=try_number, max_tries=8, xcoms={"plan": ["a1"]})
        assert world.statuses() == {"a1": status}


def test_a_row_that_failed_its_last_try_marks_the_servers_it_holds() -> None:
    world = DataCenter(2)
    install = planned(world)
    install.rack_rows()
    world.dhcp.fail_next("reserve", Transient("Kea is away."))
    with pytest.raises(AirflowException, match="Kea is away"):
        run_task(over(install, RackRowOperator, row="dhcp", after="addresses"), try_number=4, xcoms={"addresses": ["a1", "a2"]})
    assert world.statuses() == {"a1": "failed", "a2": "failed"}
    assert "Kea is away." in world.inventory.causes[1]


def test_when_netbox_is_away_too_the_row_ends_with_its_own_cause_and_finish_marks_the_servers() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    world.dhcp.fail_next("reserve", Transient("Kea is away."))
    world.inventory.fail_next("device", Transient("NetBox is away."), times=2)
    with pytest.raises(AirflowException, match=r"Kea is away|NetBox is away"):
        run_task(over(install, RackRowOperator, row="dhcp", after="addresses"), try_number=4, xcoms={"addresses": ["a1"]})
    assert world.statuses() == {"a1": "staged"}
    world.inventory._faults.clear()
    with pytest.raises(AirflowFailException, match="0 of 1 servers are in service"):
        run_task(over(install, FinishOperator, row="finish", after=None), xcoms={"plan": ["a1"]})
    assert world.statuses() == {"a1": "failed"}
    assert world.claims() == {"a1": None}


def test_a_second_silent_death_is_noticed_behind_a_first_cause() -> None:
    world = DataCenter(1)
    world.servers["a1"].bmc.answers = False
    install = Install(world)
    install.everything()
    world.servers["a1"].bmc.answers = True
    assert install.row("boot", "a1", resumed=True)
    with pytest.raises(AirflowFailException):
        run_task(over(install, FinishOperator, row="finish", after=None), xcoms={"plan": ["a1"]})
    assert world.statuses() == {"a1": "failed"}
    assert "without saying why" in world.inventory.causes[1]


def test_finish_claims_no_success_for_what_another_run_installed() -> None:
    world = DataCenter(1)
    install = planned(world)
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(status="active"), "by hand")
    run_task(over(install, FinishOperator, row="finish", after=None), xcoms={"plan": ["a1"]})
    assert world.inventory.journal == []


def test_finish_done_again_touches_no_server_and_keeps_each_cause() -> None:
    """It follows every server that is resumed, and those that failed again are nobody's."""
    world = DataCenter(2)
    world.servers["a1"].boots = False
    install = Install(world)
    install.everything()
    before = world.inventory.causes[1]
    assert "[ssh-silent]" in before
    with pytest.raises(AirflowFailException, match=r"1 of 2 servers are .*: a1\."):
        run_task(over(install, FinishOperator, row="finish", after=None), try_number=2, xcoms={"plan": ["a1", "a2"]})
    assert world.inventory.causes[1] == before
    assert world.claims() == {"a1": None, "a2": None}


def test_a_failure_from_the_triggerer_is_written_to_netbox_and_ends_the_task() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    operator = over(install, ServerRowOperator, row="boot", server="a1", after="dhcp")
    with pytest.raises(AirflowFailException, match="it is broken"):
        operator.write_down({"ti": Task()}, as_document(HardwareFault("it is broken.", "mend it.", cause="bmc-silent")))
    assert world.statuses() == {"a1": "failed"}
    assert world.inventory.causes[1] == "boot: it is broken. Next: mend it. [bmc-silent] (run server_install/run-1)"


def test_the_site_policy_of_a_run_is_the_one_it_was_planned_under() -> None:
    install = planned(DataCenter(1))
    kept = plan_step.kept_site(install.records)
    assert kept == install.policy.site
    assert isinstance(kept, Site)


def test_the_fake_workplace_is_one(tmp_path: object) -> None:
    """What the tests above stand on: plan and ports come from the run's own folder and fakes."""
    install = planned(DataCenter(1))
    place = FakeWorkplace(install)
    assert isinstance(place.plan, Plan)
    assert isinstance(place.ports, Ports)
    assert place.run == Run("server_install", "run-1")


HOLD = Hold("here", "cooling is being repaired, ask Kim")


def test_a_rack_wide_task_gives_its_worker_back_while_a_hold_covers_the_site() -> None:
    world = DataCenter(1)
    install = planned(world)
    before = world.footprint()
    world.inventory.held = [HOLD]
    operator = over(install, RackRowOperator, row="claim", after="plan")
    with pytest.raises(TaskDeferred) as deferred:
        run_task(operator, xcoms={"plan": ["a1"]})
    assert (type(deferred.value.trigger), deferred.value.method_name) == (HoldTrigger, "go_on")
    assert world.footprint() == before
    world.inventory.held = []
    assert operator.go_on({"ti": Task(xcoms={"plan": ["a1"]})}, {"lifted": "here"}) == ["a1"]
    assert set(world.claims().values()) == {"server_install/run-1"}


def test_a_run_ends_properly_under_a_hold() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.everything()
    world.inventory.held = [HOLD]
    assert run_task(over(install, FinishOperator, row="finish", after=None), xcoms={"plan": ["a1"]}) == ["a1"]


class Planning(Task):
    """A task instance that takes XComs, too."""

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


def make_plan(install: Install, *, dry_run: bool) -> set[str] | list[str]:
    """The tasks that are skipped after the plan of such a run, or the servers whose tasks are mapped."""
    params = {"site": "here", "rack": "A", "servers": [], "dry_run": dry_run, "approval": "none", "burn_in": ""}
    snapshot_step.take(install.ports, "here", "A")
    with DAG("server_install"):
        plan = over(install, PlanOperator, preflight="preflight", flow="install")
        plan >> [EmptyOperator(task_id="preflight"), EmptyOperator(task_id="approval")]
    try:
        names: list[str] = plan.execute({"ti": Planning(), "params": params})
    except DownstreamTasksSkipped as skipped:
        return set(skipped.tasks)
    return names


def test_no_new_run_begins_under_a_hold() -> None:
    world = DataCenter(1)
    world.inventory.held = [HOLD]
    with pytest.raises(AirflowFailException, match="site here is on hold: cooling is being repaired, ask Kim"):
        make_plan(Install(world), dry_run=False)


def test_a_dry_run_looks_at_a_site_on_hold_all_the_same() -> None:
    world = DataCenter(1)
    world.inventory.held = [HOLD]
    assert make_plan(Install(world), dry_run=True) == {"approval"}


def test_a_run_that_goes_on_returns_its_servers_and_one_with_nothing_to_do_ends() -> None:
    world = DataCenter(1)
    assert make_plan(Install(world), dry_run=False) == ["a1"]
    Install(world).everything()
    assert make_plan(Install(world, "run-2"), dry_run=False) == {"preflight", "approval"}


@dataclass(frozen=True)
class DagRun:
    """What an operator asks of its run."""

    dag_id: str = "server_install"
    run_id: str = "run-1"


def resumed(install: Install, **task: Any) -> tuple[Any, dict[str, Any]]:
    """The boot task of a1, cleared, and its context."""
    operator = over(install, ServerRowOperator, row="boot", server="a1", after="dhcp")
    return operator, {"ti": Task(try_number=2, **task), "dag_run": DagRun(), "params": {"site": "here"}}


def new_nic(server: Server) -> Server:
    nic, bmc = server.interfaces
    return replace(server, interfaces=(replace(nic, mac="02:00:00:00:77:01"), bmc))


def test_a_cleared_task_whose_facts_did_not_change_goes_on_under_the_same_plan() -> None:
    install = planned(DataCenter(1))
    install.rack_rows()
    operator, context = resumed(install)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    assert isinstance(deferred.value.trigger, ServerRowTrigger)
    assert deferred.value.trigger.resumed
    assert plan_step.former_parts(install.records, "a1") == ()


def test_a_cleared_task_whose_nic_was_replaced_goes_on_under_a_new_part() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    world.inventory.correct(1, new_nic)
    operator, context = resumed(install)
    with pytest.raises(TaskDeferred):
        operator.execute(context)
    assert plan_step.kept(install.records).server("a1").management.mac == "02:00:00:00:77:01"


def test_a_cleared_task_that_nobody_can_plan_fails_with_what_to_correct() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    world.inventory.correct(1, lambda server: replace(server, serial=""))
    operator, context = resumed(install)
    with pytest.raises(AirflowFailException, match="has no serial number"):
        operator.execute(context)
    assert world.statuses() == {"a1": "failed"}


def test_netbox_that_does_not_answer_a_cleared_task_is_asked_again_before_the_server_fails() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    world.inventory.fail_next("snapshot", Transient("busy"))
    operator, context = resumed(install)
    with pytest.raises(AirflowException) as tried:
        operator.execute(context)
    assert not isinstance(tried.value, AirflowFailException)
    assert world.statuses() == {"a1": "staged"}


@pytest.mark.parametrize(("chosen", "obeyed"), [(APPROVE, True), (REJECT, False)])
def test_a_person_decides_about_a_part_that_was_planned_again(chosen: str, obeyed: bool) -> None:
    world = DataCenter(1)
    install = Install(world)
    plan = install.make_plan(approval_required=True)
    keep(install.records, Decision(APPROVE, "kim", "2026-01-01", plan.sha256))
    install.rack_rows()
    world.inventory.correct(1, new_nic)
    job = install.job("boot", "a1")
    proposal = propose(job, install.policy)
    assert proposal is not None
    offer(job, proposal)
    operator, context = resumed(install)
    answer = {"chosen_options": [chosen], "responded_at": "2026-01-02", "responded_by_user": {"id": "3", "name": "kim"}}
    with pytest.raises(TaskDeferred if obeyed else AirflowFailException):
        operator.decide(context, answer)
    assert (plan_step.kept(install.records).server("a1") == proposal.part) is obeyed
    assert world.statuses() == {"a1": "staged" if obeyed else "failed"}


def test_nobody_answering_about_a_part_that_was_planned_again_means_no() -> None:
    world = DataCenter(1)
    install = planned(world)
    install.rack_rows()
    world.inventory.correct(1, new_nic)
    job = install.job("boot", "a1")
    proposal = propose(job, install.policy)
    assert proposal is not None
    offer(job, proposal)
    operator, context = resumed(install)
    with pytest.raises(AirflowFailException, match="Nobody answered in time"):
        operator.decide(context, {"error": "timeout", "error_type": "timeout"})
    assert world.statuses() == {"a1": "failed"}


def test_only_a_dry_run_looks_ahead() -> None:
    operator = over(planned(DataCenter(1)), PreflightOperator)
    operator.pre_execute({"params": {"dry_run": True}})
    with pytest.raises(AirflowSkipException):
        operator.pre_execute({"params": {"dry_run": False}})
