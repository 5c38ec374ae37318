"""turnup is upgraded while a run goes on: its tasks say why they cannot, its servers are released, and an abort cleans up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.unit.flow.datacenter import DataCenter, Install
from tests.unit.orchestration import test_abort
from tests.unit.orchestration.test_operators import over, run_task
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan
from turnup.domain.policy import Policy
from turnup.domain.servers import Snapshot
from turnup.flow.install import INSTALL
from turnup.orchestration.abort import UndoOperator
from turnup.orchestration.operators import FinishOperator, RackRowOperator


def of_before(snapshot: Snapshot, policy: Policy, request: Request) -> Plan:
    """A plan as the version before made it."""
    made = plan(snapshot, policy, request)
    assert isinstance(made, Plan)
    return replace(made, flow_version=INSTALL.version - 1)


def under_way(world: DataCenter) -> Install:
    """A run that was begun by the version before: its servers are held, and have addresses and reservations."""
    run = Install(world, flow=replace(INSTALL, version=INSTALL.version - 1, plans=of_before))
    run.make_plan()
    run.rack_rows()
    return run


def test_a_rack_wide_row_is_refused_and_releases_the_servers_with_that_cause() -> None:
    world = DataCenter(2)
    run = under_way(world)
    with pytest.raises(AirflowFailException, match=r"planned for version 1 of the flow install, and turnup has version 2 now"):
        run_task(over(run, RackRowOperator, row="dhcp", after="addresses"), xcoms={"addresses": ["a1", "a2"]})
    assert world.statuses() == {"a1": "failed", "a2": "failed"}
    assert set(world.claims().values()) == {None}
    assert "[flow-version]" in world.inventory.causes[1]


def test_the_closing_row_leaves_what_is_active_as_it_is() -> None:
    world = DataCenter(2)
    run = under_way(world)
    assert run.server_rows("a1")
    with pytest.raises(AirflowFailException, match="flow-version"):
        run_task(over(run, FinishOperator, row="finish", after=None), xcoms={"plan": ["a1", "a2"]})
    assert world.statuses() == {"a1": "active", "a2": "failed"}


def test_an_abort_undoes_a_run_of_another_version() -> None:
    world = DataCenter(1)
    clean = world.footprint()
    run = under_way(world)
    assert run.row("boot", "a1")
    test_abort.over(run, UndoOperator, server="a1").execute(test_abort.context(["a1"]))
    assert world.footprint() == clean
