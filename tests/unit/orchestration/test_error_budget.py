"""Runs that nobody started by hand stop when the error budget is spent, whichever way they came; a person's go on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.unit.flow.datacenter import DataCenter, Install
from tests.unit.orchestration.test_operators import Task, over
from turnup.adapters.report_store import RunRecords
from turnup.domain.error_budget import Allowance
from turnup.flow.steps import snapshot as snapshot_step
from turnup.orchestration import spending
from turnup.orchestration.operators import PlanOperator

BY_HAND, BY_NETBOX = "manual__2026-11-22", "netbox__7c1f0c3e-4a53-4d68-9b5c-0d4c1c2f7a10"
TWO = Allowance(failures=2)
FORM = {"site": "here", "rack": "A", "servers": [], "dry_run": False}


@dataclass
class DagRun:
    run_id: str
    run_type: str = "manual"
    dag_id: str = "server_install"


@dataclass
class Airflow(Task):
    """A task instance that takes XComs."""

    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__TURNUP__REPORT_STORE", tmp_path.as_uri())
    return tmp_path


def failed(
    store: Path, *servers: str, generation: str = "g1", days_ago: float = 1, state: str = "failed", dag: str = "server_install"
) -> None:
    """A run of before, which left its report."""
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    parts = [
        {"name": name, "state": state, "generation": generation, "causes": [{"row": "boot", "code": "bmc-silent", "at": at}]}
        for name in servers
    ]
    report = {"dag_id": dag, "site": "here", "ended_at": at, "servers": parts}
    RunRecords(str(store), dag, f"before-{servers[0]}-{days_ago}").write("report/1.json", json.dumps(report).encode())


def plan(run: DagRun, allowance: Allowance | None = TWO, **form: Any) -> Install:
    """A run's plan, made by the operator as Airflow calls it."""
    install = Install(DataCenter(2), run.run_id)
    snapshot_step.take(install.ports, "here", "A")
    install.policy = replace(install.policy, site=replace(install.policy.site, error_budget=allowance))
    operator = over(install, PlanOperator, flow="install")
    operator.execute({"ti": Airflow(), "params": FORM | form, "dag_run": run})
    return install


def test_within_the_budget_nothing_stops(store: Path) -> None:
    failed(store, "x1")
    assert plan(DagRun(BY_NETBOX)).records.read("plan.json") is not None


@pytest.mark.parametrize(
    "run", [DagRun(BY_NETBOX), DagRun("scheduled__2026-11-22", "scheduled")], ids=["webhook or sweep", "clock"]
)
def test_a_spent_budget_stops_what_nobody_started_by_hand_and_says_what_to_do(store: Path, run: DagRun) -> None:
    failed(store, "x1")
    failed(store, "x2", days_ago=2)
    with pytest.raises(AirflowFailException) as raised:
        plan(run)
    text = str(raised.value)
    assert "[error-budget-spent]" in text
    assert "generation g1 at here: 2 of 2 servers failed, 2 may: x2 (bmc-silent), x1 (bmc-silent)" in text
    assert "start install of rack A yourself" in text


def test_nothing_is_kept_of_a_plan_that_is_stopped_so_that_it_is_made_anew_when_the_budget_is_back(store: Path) -> None:
    failed(store, "x1", "x2")
    install = Install(DataCenter(2), BY_NETBOX)
    snapshot_step.take(install.ports, "here", "A")
    install.policy = replace(install.policy, site=replace(install.policy.site, error_budget=TWO))
    operator, context = (
        over(install, PlanOperator, flow="install"),
        {"ti": Airflow(), "params": FORM, "dag_run": DagRun(BY_NETBOX)},
    )
    with pytest.raises(AirflowFailException):
        operator.execute(context)
    assert install.records.read("plan.json") is None
    failed(store, "x1", state="done", days_ago=0.01)
    assert operator.execute(context) == ["a1", "a2"]


def test_a_person_can_go_on(store: Path) -> None:
    failed(store, "x1", "x2")
    assert plan(DagRun(BY_HAND)).records.read("plan.json") is not None


def test_a_site_without_a_budget_and_a_dry_run_are_not_stopped(store: Path) -> None:
    failed(store, "x1", "x2")
    assert plan(DagRun(BY_NETBOX), None).records.read("plan.json") is not None


def test_what_other_generations_spent_or_what_is_long_ago_does_not_stop_it(store: Path) -> None:
    failed(store, "x1", "x2", generation="g2")
    failed(store, "x3", "x4", days_ago=8)
    assert plan(DagRun(BY_NETBOX)).records.read("plan.json") is not None


def test_decommissions_spend_the_same_budget_and_audits_none(store: Path) -> None:
    failed(store, "x1", dag="server_decommission")
    failed(store, "x2", "x3", dag="fleet_audit")
    assert plan(DagRun(BY_NETBOX)).records.read("plan.json") is not None
    failed(store, "x4")
    with pytest.raises(AirflowFailException):
        plan(DagRun(BY_NETBOX))


def test_a_report_that_cannot_be_read_stops_nobody(store: Path) -> None:
    failed(store, "x1", "x2")
    (report,) = store.glob("runs/*/*/report/1.json")
    report.write_text("{")
    assert plan(DagRun(BY_NETBOX)).records.read("plan.json") is not None


@pytest.mark.parametrize(
    ("run", "by_hand"),
    [
        (DagRun("manual__x"), True),
        (DagRun("racks__x"), True),
        (DagRun(BY_NETBOX), False),
        (DagRun(BY_NETBOX + "__rack7"), False),
        (DagRun("scheduled__x", "scheduled"), False),
        (DagRun("asset__x", "asset_triggered"), False),
    ],
)
def test_who_started_a_run_is_known_by_its_kind_and_its_id(run: DagRun, by_hand: bool) -> None:
    assert spending.is_by_hand(run) == by_hand  # type: ignore[arg-type]
