"""Plans that somebody has to approve: who may answer, what a no does, and that a yes opens exactly this plan."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from lab.datacenter import RACKS
from lab.services import airflow
from tests.lab.conftest import Lab

RACK = RACKS[1]
SERVER = RACK.servers[0]
DAG = "server_install"


def answer(run: str, chosen: str, user: str) -> int:
    """The HTTP status of answering the approval as that user."""
    token = requests.post(
        f"{airflow.url()}/auth/token", json={"username": user, "password": airflow.password(user)}, timeout=30
    ).json()["access_token"]
    return requests.patch(
        f"{airflow.url()}/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/approval/-1/hitlDetails",
        json={"chosen_options": [chosen], "params_input": {}},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ).status_code


def asked(lab: Lab) -> str:
    """A run that waits for an answer."""
    run = lab.start(rack=RACK.name, servers=[SERVER.name], approval="required")
    lab.parked(run)
    return run


@pytest.fixture
def planned(lab: Lab) -> Iterator[Lab]:
    """The server is planned before and after the test."""
    device = lab.devices(RACK.name)[SERVER.name]
    device.update({"status": "planned"})
    yield lab
    device.update({"status": "planned", "custom_fields": {"turnup_claim": None, "turnup_cause": ""}})


def test_a_rejected_plan_changes_nothing_and_names_who_rejected_it(planned: Lab) -> None:
    run = asked(planned)
    changes = planned.changes()
    assert answer(run, "Approve", "viewer") == 403
    assert answer(run, "Reject", "operator") == 200
    assert planned.ended(run) == "failed"
    assert planned.changes() == changes
    assert planned.statuses(RACK.name)[SERVER.name] == "planned"
    assert "operator rejected the plan" in planned.log(run, "approval")


def test_an_approved_plan_goes_on_under_the_hash_that_was_shown(planned: Lab) -> None:
    run = asked(planned)
    # The facts move while it waits: the claim notices, so this run ends soon.
    planned.devices(RACK.name)[SERVER.name].update({"status": "offline"})
    assert answer(run, "Approve", "operator") == 200
    assert answer(run, "Reject", "operator") == 409
    assert planned.ended(run) == "failed"
    plan_sha256 = (planned.record(run, "plan.json.sha256") or b"").decode().split()[0]
    decision = json.loads(planned.record(run, f"approval/{plan_sha256}/1.json") or b"{}")
    assert (decision["chosen"], decision["by"], decision["plan_sha256"]) == ("Approve", "operator", plan_sha256)
    assert planned.states(run)["claim", ""] == "success"
    assert "changed in NetBox since the plan" in planned.log(run, "boot", SERVER.name)
    assert planned.statuses(RACK.name)[SERVER.name] == "offline"
