"""The sweep: what got lost is delivered again, by the webhook's own way, and comes to the same run."""

from __future__ import annotations

import json
import runpy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from tests.unit.orchestration.netbox_people import People
from turnup.domain.errors import Refused, Transient
from turnup.domain.webhooks import Delivery, read, written
from turnup.domain.wishes import STANDS
from turnup.orchestration import sweeping
from turnup.orchestration.granting import Granted
from turnup.orchestration.hooks.turnup_webhooks import WebhooksHook
from turnup.orchestration.sweeping import ON_ITS_WAY, SweepOperator

FILE = Path(__file__).parents[3] / "dags/webhook_sweep.py"
LATER = ON_ITS_WAY + timedelta(minutes=1)


class Sweep:
    """A sweep over fakes; what it delivers goes the webhook's way. `said` is its log."""

    def __init__(self) -> None:
        self.people = People()
        self.said: list[str] = []

    def deliver(self, delivery: Delivery) -> str:
        found = read(json.dumps(written(delivery, "webhook_sweep")).encode())
        assert isinstance(found, Delivery)
        answer = self.people.delivered(found)
        return answer.run_id if isinstance(answer, Granted) else answer.text

    def run(self, after: timedelta = LATER, now: datetime | None = None) -> int:
        moment = now or self.people.changes.now + after
        return sweeping.sweep(self.people.changes, self.deliver, moment, lambda _, text: self.said.append(text))

    @property
    def runs(self) -> set[str]:
        return {run for _, run in self.people.runs.runs}


@pytest.fixture
def sweep() -> Sweep:
    return Sweep()


def test_a_wish_that_nobody_heard_is_started_under_the_name_that_the_webhook_would_have_given_it(sweep: Sweep) -> None:
    first, _ = sweep.people.saved("staged", 1, 2)
    assert sweep.run() == 1
    assert sweep.runs == {f"netbox__{first.request_id}"}
    assert sweep.people.delivered(first) == Granted("server_install", f"netbox__{first.request_id}", ("a1", "a2"), new=False)


def test_what_the_webhook_started_is_not_started_again_however_often_it_sweeps(sweep: Sweep) -> None:
    (delivery,) = sweep.people.saved("staged", 1)
    sweep.people.delivered(delivery)
    for _ in range(3):
        sweep.run()
    assert sweep.runs == {f"netbox__{delivery.request_id}"}


def test_every_rack_and_flow_of_a_request_is_looked_for(sweep: Sweep) -> None:
    install, _ = sweep.people.saved("staged", 1, 11)
    (leave,) = sweep.people.saved("decommissioning", 3)
    assert sweep.run() == 3
    assert sweep.runs == {
        f"netbox__{install.request_id}",
        f"netbox__{install.request_id}__rack8",
        f"netbox__{leave.request_id}",
    }


def test_what_is_on_its_way_is_left_to_the_webhook(sweep: Sweep) -> None:
    sweep.people.saved("staged", 1)
    assert sweep.run(after=timedelta(seconds=5)) == 0
    assert sweep.run() == 1


def test_what_is_older_than_hours_is_forgotten(sweep: Sweep) -> None:
    sweep.people.saved("staged", 1)
    assert sweep.run(after=STANDS + timedelta(minutes=1)) == 0


def test_a_server_that_was_put_back_for_a_run_that_was_not_created_is_found(sweep: Sweep) -> None:
    (delivery,) = sweep.people.saved("decommissioning", 3)
    sweep.people.runs.fail_next("start", Transient("Airflow is away."))
    with pytest.raises(Transient):
        sweep.people.delivered(delivery)
    assert sweep.people.server(3).status == "active"
    assert sweep.run() == 1
    assert sweep.runs == {f"netbox__{delivery.request_id}"}
    sweep.people.saved("failed", 3)
    sweep.people.runs.runs.clear()
    sweep.run()
    assert sweep.runs == set(), "somebody set its status since"


def test_turnup_s_own_writes_and_wishes_that_were_taken_back_are_not_delivered(sweep: Sweep) -> None:
    sweep.people.saved("staged", 1, user="turnup")
    sweep.people.saved("staged", 2)
    sweep.people.saved("planned", 2)
    assert sweep.run() == 0
    assert sweep.runs == set()


def test_one_that_is_not_taken_keeps_no_other_from_being_delivered(sweep: Sweep) -> None:
    sweep.people.saved("staged", 1)
    (second,) = sweep.people.saved("staged", 2)
    sweep.people.runs.fail_next("started", Transient("Airflow is away."))
    with pytest.raises(Transient):
        sweep.run()
    assert sweep.runs == {f"netbox__{second.request_id}"}
    assert len(sweep.said) == 2
    sweep.run()
    assert len(sweep.runs) == 2


def test_while_netbox_is_away_it_fails_and_the_next_one_finds_it(sweep: Sweep) -> None:
    sweep.people.saved("staged", 1)
    sweep.people.changes.fail_next("standing", Transient("NetBox is away."))
    with pytest.raises(Transient):
        sweep.run()
    assert sweep.run() == 1


def test_where_webhooks_are_not_set_up_it_ends_well() -> None:
    context: Any = {"dag_run": type("DagRun", (), {"dag_id": "webhook_sweep", "run_id": "scheduled__1"})()}
    assert SweepOperator(task_id="sweep").execute(context) == 0


def test_it_runs_every_five_minutes_one_at_a_time_and_never_for_the_past() -> None:
    dag = next(value for value in runpy.run_path(str(FILE)).values() if isinstance(value, DAG))
    schedule: object = dag.schedule
    assert schedule == timedelta(minutes=5)
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert [(task.task_id, task.execution_timeout is not None) for task in dag.tasks] == [("sweep", True)]


def test_the_connection_has_secrets_that_are_long_enough_and_knows_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def door(**fields: Any) -> Any:
        monkeypatch.setenv("AIRFLOW_CONN_HOOKS", json.dumps({"conn_type": "turnup_webhooks", **fields}))
        return WebhooksHook("hooks").door()

    found = door(host="https://airflow.example/", password="n" * 32, extra={"previous_secret": f"{'o' * 32}  {'p' * 32}"})
    assert found.url == "https://airflow.example/turnup/webhooks/netbox"
    assert (found.secrets, found.netbox) == (("n" * 32, "o" * 32, "p" * 32), "netbox_default")
    for short in ({"password": "short"}, {"password": "n" * 32, "extra": {"previous_secret": "short"}}):
        with pytest.raises(Refused, match="fewer than 16 characters") as raised:
            door(host="https://airflow.example", **short)
        assert "short" not in str(raised.value)
