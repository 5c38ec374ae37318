"""A person sets live servers to decommissioning in NetBox: a run asks people, meanwhile they serve; a no leaves all as it was.

The story goes on with the rack that the one before it installed, where that is live; else it installs one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest

from lab.datacenter import RACKS, SITE
from tests.lab.conftest import Lab
from tests.lab.engineer import WHO, Engineer, Heard
from tests.lab.test_rack_leaves import answer, live

__all__ = ["live"]

DAG = "server_decommission"
RACK = RACKS[0]
NAMES = [server.name for server in RACK.servers[:2]]


@dataclass(frozen=True)
class Story:
    lab: Lab
    heard: Heard
    request: str
    runs: list[dict[str, Any]]
    asked: dict[str, Any]
    meanwhile: dict[str, str]  # statuses, while people are asked
    answers: dict[str, int]
    state: str


@pytest.fixture(scope="module")
def story(live: Lab) -> Iterator[Story]:
    lab, engineer, heard = live, Engineer(live), Heard()
    request = engineer.edits("decommissioning", *NAMES)
    run = f"netbox__{request}"
    lab.until(lambda: len(heard.lines(request)) == len(NAMES), "every delivery of the bulk edit")
    lab.parked(run, dag=DAG)
    asked = lab.airflow.asked(DAG, run, "approval", -1)
    meanwhile = lab.statuses(RACK.name)
    answers = {"operator": answer(run, "Approve", "operator"), "approver": answer(run, "Reject", "approver")}
    state = lab.ended(run, DAG)
    yield Story(lab, heard, request, lab.airflow.runs_from(DAG, run), asked, meanwhile, answers, state)


def test_the_bulk_edit_is_one_run_that_asks_for_no_less_than_the_form(story: Story) -> None:
    (run,) = story.runs
    assert (run["dag_run_id"], run["triggering_user_name"]) == (f"netbox__{story.request}", WHO)
    assert run["conf"] == run["conf"] | {"site": SITE, "rack": RACK.name, "servers": NAMES, "wipe": "clear"}
    assert WHO in run["conf"]["reason"]
    assert f"of {len(NAMES)} servers of rack {RACK.name}" in story.asked["subject"]


def test_while_people_are_asked_the_servers_are_in_service(story: Story) -> None:
    assert set(story.meanwhile.values()) == {"active"}


def test_who_set_the_status_is_the_same_person_in_airflow_and_may_not_approve(story: Story) -> None:
    assert story.answers == {"operator": HTTPStatus.FORBIDDEN, "approver": HTTPStatus.OK}


def test_a_no_leaves_them_live_and_held_by_nobody(story: Story) -> None:
    assert story.state == "failed"
    devices = story.lab.devices(RACK.name).values()
    assert {(one.status.value, one.custom_fields["turnup_claim"]) for one in devices} == {("active", None)}
    assert story.heard.lines("refused") == []
