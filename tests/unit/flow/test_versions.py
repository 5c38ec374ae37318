"""A run goes on under the rows it was planned for, or says why it cannot; an abort undoes it in any case."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.flow.datacenter import DataCenter, Install
from turnup.domain.errors import Refused
from turnup.domain.plans import Plan
from turnup.flow.documents import load
from turnup.flow.flows import FLOWS, flow_of, rows_for
from turnup.flow.rows import Flow

RECORDED = Path(__file__).parents[2] / "recorded/flows"
"""<flow>-<version>.json: {"rows": names in order, "plan": one of then}. A version that was released is never recorded anew."""

each_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.name)


def rows(flow: Flow) -> list[str]:
    return [*(row.name for row in flow.rack_rows), *(row.name for row in flow.server_rows), flow.closing_row.name]


@each_flow
def test_rows_that_changed_have_a_version_of_their_own(flow: Flow) -> None:
    recorded = json.loads((RECORDED / f"{flow.name}-{flow.version}.json").read_text())
    assert rows(flow) == recorded["rows"], "raise the flow's version and record its rows"


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_a_plan_of_every_version_can_be_read(path: Path) -> None:
    plan = load(Plan, json.dumps(json.loads(path.read_text())["plan"]).encode(), path.name)
    assert f"{plan.flow}-{plan.flow_version}" == path.stem
    assert plan.servers


def test_a_plan_for_other_rows_is_refused_and_says_what_to_do() -> None:
    plan = Install(DataCenter(1)).make_plan()
    assert rows_for(plan) is flow_of(plan) is FLOWS["install"]
    with pytest.raises(Refused, match="server_abort") as refused:
        rows_for(replace(plan, flow_version=plan.flow_version + 1))
    assert refused.value.cause == "flow-version"


def test_a_plan_of_a_flow_of_former_times_is_refused_and_is_not_undone_either() -> None:
    plan = replace(Install(DataCenter(1)).make_plan(), flow="of-former-times")
    for ask in (rows_for, flow_of):
        with pytest.raises(Refused, match="version of turnup that planned it") as refused:
            ask(plan)
        assert refused.value.cause == "flow-version"
