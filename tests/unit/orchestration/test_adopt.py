"""server_adopt: its DAG reads the flow's rows, its operators leave live servers live, and server_abort only breaks its claim."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, DownstreamTasksSkipped, TaskDeferred

from tests.unit.flow.test_adopt import LiveRack, adoption
from tests.unit.orchestration import test_abort
from tests.unit.orchestration.test_operators import DagRun, FakeWorkplace, Planning, Task
from turnup.domain.errors import Transient, as_document
from turnup.flow.adopt import ADOPT
from turnup.flow.steps import snapshot as snapshot_step
from turnup.orchestration.abort import AbortCheckOperator, UndoOperator
from turnup.orchestration.operators import FinishOperator, PlanOperator, RackRowOperator, ServerRowOperator
from turnup.orchestration.triggers import ServerRowTrigger
from turnup.orchestration.workplace import Workplace

FILE = Path(__file__).parents[3] / "dags/server_adopt.py"


@pytest.fixture(scope="module")
def dag() -> DAG:
    return next(value for value in runpy.run_path(str(FILE)).values() if isinstance(value, DAG))


def over(run: Any, kind: type, **arguments: Any) -> Any:
    """An operator of that kind, of the adopt flow, at a fake workplace."""

    class Operator(kind):  # type: ignore[misc]
        def workplace(self, context: Any) -> Workplace:
            return FakeWorkplace(run)

    return Operator(**{"task_id": arguments.get("row", "task"), "retries": 3} | arguments)


def test_every_row_is_a_task_in_the_flows_order_and_there_is_no_other(dag: DAG) -> None:
    rack_wide = ["snapshot", "plan", "approval", *(row.name for row in ADOPT.rack_rows)]
    order = [*rack_wide, *(row.name for row in ADOPT.server_rows), ADOPT.closing_row.name]
    assert set(dag.task_ids) == set(order)
    for before, after in itertools.pairwise(order):
        assert before in dag.get_task(after).upstream_task_ids, (before, after)


def test_per_server_rows_are_mapped_and_named_by_the_server(dag: DAG) -> None:
    for row in ADOPT.server_rows:
        task = dag.get_task(row.name)
        assert [group.group_id for group in task.iter_mapped_task_groups()] == ["server"]
        assert task.map_index_template == "{{ task.server }}"


def test_the_form_asks_for_site_rack_servers_and_whether_it_is_a_dry_run(dag: DAG) -> None:
    assert set(dag.params) == {"site", "rack", "servers", "dry_run"}


def plan(world: LiveRack, *, dry_run: bool) -> None:
    run = adoption(world)
    params = {"site": "here", "rack": "A", "servers": [], "dry_run": dry_run}
    snapshot_step.take(run.ports, "here", "A")
    with DAG("server_adopt"):
        operator = over(run, PlanOperator, flow="adopt", preflight="preflight")
        operator >> over(run, RackRowOperator, row="claim", after="task")
    operator.execute({"ti": Planning(), "params": params})


def test_a_dry_run_ends_with_the_plan_and_another_goes_on() -> None:
    world = LiveRack()
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        plan(world, dry_run=True)
    assert skipped.value.tasks == ["claim"]
    assert world.inventory.messages == []
    plan(world, dry_run=False)


def test_a_row_that_fails_for_good_leaves_the_server_active() -> None:
    world = LiveRack()
    run = adoption(world)
    run.make_plan()
    run.rack_rows()
    error = as_document(Transient("the BMC is busy.", "wait.", cause="bmc-failing"))
    with pytest.raises(AirflowFailException, match="bmc-failing"):
        over(run, ServerRowOperator, row="bmc", server="a1", after="addresses").write_down({"ti": Task()}, error)
    assert world.statuses() == {"a1": "active", "a2": "active"}
    assert world.claims() == {"a1": None, "a2": "server_adopt/run-1"}
    assert "[bmc-failing]" in world.inventory.causes[1]


def test_a_rack_wide_row_that_fails_as_a_whole_leaves_all_active_and_free() -> None:
    world = LiveRack()
    run = adoption(world)
    run.make_plan()
    run.rack_rows()
    world.inventory.fail_next("addresses_on", Transient("NetBox is away."))
    with pytest.raises(AirflowException, match="NetBox is away"):
        operator = over(run, RackRowOperator, row="addresses", after="claim")
        operator.execute({"ti": Task(try_number=4, xcoms={"claim": ["a1", "a2"]})})
    assert set(world.statuses().values()) == {"active"}
    assert set(world.claims().values()) == {None}


def test_a_task_that_died_without_a_word_is_noticed_at_the_end() -> None:
    world = LiveRack()
    run = adoption(world)
    run.make_plan()
    run.rack_rows()
    with pytest.raises(AirflowFailException, match="0 of 2 servers are adopted; not adopted: a1, a2"):
        over(run, FinishOperator, row="finish", after=None).execute({"ti": Task(xcoms={"plan": ["a1", "a2"]})})
    assert set(world.statuses().values()) == {"active"}
    assert set(world.claims().values()) == {None}


def test_server_abort_breaks_the_claim_of_an_adoption_that_ended_and_undoes_nothing() -> None:
    world = LiveRack()
    run = adoption(world)
    run.make_plan()
    run.rack_rows()
    before = world.footprint()
    assert test_abort.over(run, AbortCheckOperator).execute(test_abort.context(["a1"])) == ["a1"]
    for _ in range(2):
        test_abort.over(run, UndoOperator, server="a1").execute(test_abort.context(["a1"]))
    assert world.claims() == {"a1": None, "a2": "server_adopt/run-1"}
    assert set(world.statuses().values()) == {"active"}
    after = world.footprint()
    assert [after[what] for what in after if what != "devices"] == [before[what] for what in before if what != "devices"]
    assert [entry.comments.split(" by ")[0] for entry in world.inventory.journal] == [
        "The claim of server_adopt/run-1 was broken"
    ]


def test_server_abort_of_an_adopted_server_is_refused() -> None:
    world = LiveRack()
    run = adoption(world)
    run.everything()
    before = world.footprint()
    with pytest.raises(AirflowFailException, match="a1: is active and held by no run"):
        test_abort.over(run, AbortCheckOperator).execute(test_abort.context(["a1"]))
    assert world.footprint() == before


def test_a_cleared_task_of_an_adoption_goes_on_and_plans_nothing_else() -> None:
    world = LiveRack()
    run = adoption(world)
    run.make_plan()
    run.rack_rows()
    before = world.footprint()
    operator = over(run, ServerRowOperator, row="bmc", server="a1", after="addresses")
    context = {"ti": Task(try_number=2), "dag_run": DagRun("server_adopt"), "params": {"site": "here"}}
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    assert isinstance(deferred.value.trigger, ServerRowTrigger)
    assert deferred.value.trigger.resumed
    assert world.footprint() == before
