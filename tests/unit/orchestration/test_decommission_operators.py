"""The tasks before and around a decommission's rows as Airflow calls them, over fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace as Namespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, DownstreamTasksSkipped, TaskDeferred

from tests.unit.flow.leaving import MANY, PEOPLE, POLICY, REASON, SITE, Leave, LiveSite
from tests.unit.orchestration import test_abort
from tests.unit.orchestration.test_operators import FakeWorkplace, Planning, Task
from turnup.domain.policy import Policy
from turnup.domain.servers import Server
from turnup.flow import approval, guard
from turnup.flow.job import Run
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.orchestration.abort import AbortFinishOperator, UndoOperator
from turnup.orchestration.leaving import SealApprovalOperator, SealOperator, SurveyOperator, requesters
from turnup.orchestration.operators import FinishOperator, RackRowOperator, ServerRowOperator
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records
from turnup.reporting import archive


class Place(FakeWorkplace):
    """The workplace of a decommission, which finds the records of the run that held a server before."""

    def records_of(self, run: Run) -> Records:
        records: Records = self.__dict__["former"][run.claim]
        return records


def over(leave: Leave, kind: type, task_id: str, **arguments: Any) -> Any:
    """An operator of that kind which works at the fake workplace."""

    class Operator(kind):  # type: ignore[misc]
        def workplace(self, context: Any) -> Workplace:
            place = Place(leave)
            assert isinstance(leave.world, LiveSite)
            place.__dict__["former"] = leave.world.former
            return place

    return Operator(task_id=task_id, **arguments)


def context(names: list[str], task: Task | None = None, *, by: str | None = "rob", **asked: Any) -> dict[str, Any]:
    params = {"site": "here", "rack": "A", "servers": names, "wipe": "clear", "reason": REASON, "dry_run": False} | asked
    run = Namespace(dag_id="server_decommission", run_id="run-1", triggering_user_name=by)
    return {"ti": task or Planning(), "params": params, "dag_run": run}


def sealed(leave: Leave, *names: str, by: str | None = "rob", **asked: Any) -> list[str]:
    """Snapshot, survey and seal as tasks; the servers whose tasks are mapped."""
    given = context(list(names), by=by, **asked)
    snapshot_step.take(leave.ports, "here", "A")
    assert over(leave, SurveyOperator, "survey").execute(given) == len(names)
    going_on: list[str] = over(leave, SealOperator, "seal", flow="decommission").execute(given)
    return going_on


def answer(by: str, chosen: str = approval.APPROVE) -> dict[str, Any]:
    return {
        "chosen_options": [chosen],
        "responded_at": datetime.now(UTC).isoformat(),
        "responded_by_user": {"id": by, "name": by},
    }


def gate(leave: Leave, name: str) -> Any:
    return over(leave, SealApprovalOperator, name)


def test_survey_seal_and_both_gates_open_the_claim() -> None:
    world = LiveSite(4)
    leave = Leave(world, policy=two_needed())
    assert sealed(leave, "a1", "a2") == ["a1", "a2"]
    for name, by in (("approval", "ann"), ("second_approval", "bob")):
        assert gate(leave, name).decide(context([]), answer(by)) == approval.APPROVE
    claim = over(leave, RackRowOperator, "claim", row="claim", after="seal")
    assert claim.execute(context([], Task(xcoms={"seal": ["a1", "a2"]}))) == ["a1", "a2"]
    assert world.statuses() == {"a1": "decommissioning", "a2": "decommissioning", "a3": "active", "a4": "active"}


def two_needed() -> Policy:
    """A second approver is needed for more than one server."""
    one = replace(PEOPLE, caps=replace(MANY, servers_per_run=1))
    return Policy(replace(SITE, decommission=one), POLICY.hardware)


def test_a_dry_run_seals_and_nothing_follows() -> None:
    world = LiveSite(4)
    before, leave = world.footprint(), Leave(world)
    with pytest.raises(DownstreamTasksSkipped):
        sealed(leave, "a1", dry_run=True)
    assert b"DESTROYED" in (leave.records.read("plan.txt") or b"")
    assert world.footprint() == before


def test_the_claim_stays_closed_where_the_approval_was_marked_successful_by_hand() -> None:
    world = LiveSite(4)
    before, leave = world.footprint(), Leave(world)
    sealed(leave, "a1")
    claim = over(leave, RackRowOperator, "claim", row="claim", after="seal")
    with pytest.raises(AirflowFailException, match="approval-missing"):
        claim.execute(context([], Task(xcoms={"seal": ["a1"]})))
    assert world.footprint() == before


@pytest.mark.parametrize(
    ("by", "chosen", "said"),
    [
        ("rob", approval.APPROVE, "rob asked for the seal .* and cannot approve it"),
        ("eve", approval.APPROVE, "eve may not approve"),
        ("ann", approval.REJECT, "ann rejected the seal"),
    ],
    ids=["who asked", "somebody else", "a no"],
)
def test_an_answer_that_does_not_count_ends_the_run_and_opens_nothing(by: str, chosen: str, said: str) -> None:
    world = LiveSite(4)
    before, leave = world.footprint(), Leave(world)
    sealed(leave, "a1")
    with pytest.raises(AirflowFailException, match=said):
        gate(leave, "approval").decide(context([]), answer(by, chosen))
    with pytest.raises(AirflowFailException, match="approval-"):
        over(leave, RackRowOperator, "claim", row="claim", after="seal").execute(context([], Task(xcoms={"seal": ["a1"]})))
    with pytest.raises(AirflowFailException, match="0 of 1 servers are gone"):
        over(leave, FinishOperator, "finish", row="finish", after=None, planned="seal").execute(
            context([], Task(xcoms={"seal": ["a1"]}))
        )
    assert world.footprint() == before


def test_nobody_answering_means_no() -> None:
    leave = Leave(LiveSite(4))
    sealed(leave, "a1")
    with pytest.raises(AirflowFailException, match="Nobody answered in time, and that means no"):
        gate(leave, "approval").decide(context([]), {"error": "timeout", "error_type": "timeout"})


def test_the_second_yes_comes_from_another_person() -> None:
    leave = Leave(LiveSite(4), policy=two_needed())
    sealed(leave, "a1", "a2")
    gate(leave, "approval").decide(context([]), answer("bob"))
    second = gate(leave, "second_approval")
    assert second.may_answer(second.workplace({}), guard.sealed(leave.records)) == ("cyd",)
    with pytest.raises(AirflowFailException, match=r"bob approved the seal .* twice"):
        second.decide(context([]), answer("bob"))


def test_a_second_yes_is_asked_for_only_above_a_cap() -> None:
    leave = Leave(LiveSite(4))
    sealed(leave, "a1")
    gate(leave, "second_approval").execute(context([]))  # it asks nobody


def test_a_run_that_nobody_started_is_refused() -> None:
    with pytest.raises(AirflowFailException, match="nobody knows who asked for it"):
        sealed(Leave(LiveSite(4)), "a1", by=None)


def test_who_asked_in_netbox_is_known_by_both_names() -> None:
    assert requesters("nb-rob", {"nb-rob": "rob"}) == ("rob", "nb-rob")
    assert requesters("ann", {"nb-rob": "rob"}) == ("ann",)
    assert requesters(None, {}) == ()


def test_a_resumed_server_is_never_planned_again() -> None:
    world = LiveSite(4)
    leave = Leave(world)
    leave.ready("a1")

    def moved(server: Server) -> Server:
        nic, *others = server.interfaces
        return replace(server, interfaces=(replace(nic, mac="02:00:00:00:77:01"), *others))

    world.inventory.correct(1, moved)
    row = over(leave, ServerRowOperator, "reset", row="reset", server="a1", after="claim")
    with pytest.raises(TaskDeferred):
        row.execute(context([], Task(try_number=2, xcoms={"claim": ["a1"]})))
    assert not leave.records.names(plan_step.PARTS)
    assert not leave.row("reset", "a1", resumed=True)
    assert world.claims()["a1"] == leave.run.claim


@pytest.mark.parametrize("rows", [["drain"], ["drain", "reset", "identity"]], ids=["drained", "booted to be wiped"])
def test_an_abort_before_the_wipe_brings_the_server_back_into_service(rows: list[str]) -> None:
    world = LiveSite(4)
    leave = Leave(world)
    leave.ready("a1")
    for row in rows:
        assert leave.row(row, "a1")
    test_abort.over(leave, UndoOperator, server="a1").execute(test_abort.context(["a1"]))
    assert (world.statuses()["a1"], world.claims()["a1"]) == ("active", None)
    assert "a1" in world.serving()
    assert world.contents()["a1"] == ["data of a customer"] * 2
    test_abort.over(leave, AbortFinishOperator).execute(test_abort.context(["a1"], ["a1"]))
    report = archive.read(test_abort.AbortPlace(leave).records, 1)
    assert report is not None
    assert (report.headline, report.servers[0].status) == ("a1 is in service again.", "active")


def test_an_abort_after_the_wipe_has_begun_is_refused_and_says_why() -> None:
    world = LiveSite(4)
    leave = Leave(world)
    leave.ready("a1")
    for row in ("drain", "reset", "identity", "wipe"):
        assert leave.row(row, "a1")
    with pytest.raises(AirflowFailException, match="the wipe of its drives has begun"):
        test_abort.over(leave, UndoOperator, server="a1").execute(test_abort.context(["a1"]))
    assert world.statuses()["a1"] == "decommissioning"
    assert world.claims()["a1"] == leave.run.claim
