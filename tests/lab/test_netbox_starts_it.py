"""A person sets statuses in NetBox: the right runs are there, once, named after who did it; what got lost is found.

For the most of it the DAG is paused: its runs only queue, and are forgotten again. One goes on until it has its server: that of a
delivery that got lost. How a decommission begins in NetBox: test_rack_is_asked_to_leave.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from lab import console
from lab.datacenter import GUESTS, RACKS, SITE
from lab.secrets import secret
from lab.services import netbox
from tests.lab.conftest import Lab
from tests.lab.engineer import WHO, Engineer, Heard, deliver, nobody_told, paused, wish
from turnup.adapters.netbox.client import Client
from turnup.orchestration.sweeping import ON_ITS_WAY

DAG, SWEEP = "server_install", "webhook_sweep"
HERE, THERE = ([server.name for server in rack.servers] for rack in RACKS)
LOST, REFUSED, OFTEN, SPREAD, TAKEN_BACK, OWN = HERE[7], HERE[6], HERE[5], HERE[4], HERE[3], HERE[2]
EDITED, GUEST = THERE[:4], GUESTS[0].name
SAVES, SOON = 12, 2.0


@dataclass(frozen=True)
class Story:
    lab: Lab
    heard: Heard
    refused: str  # request ids
    lost: str
    edited: str
    spread: str
    taken_back: str
    runs: dict[str, list[dict[str, Any]]]  # of these requests, while the DAG was paused
    again: list[tuple[int, dict[str, Any]]]  # answers
    stale: tuple[int, dict[str, Any]]
    seconds: list[float]
    sweep_log: str
    refused_after: list[dict[str, Any]]  # its runs, after the sweep
    claim: str
    page: str  # of the lost server, in NetBox
    rack_page: str


def runs_of(lab: Lab, request: str) -> list[dict[str, Any]]:
    return sorted(lab.airflow.runs_from(DAG, f"netbox__{request}"), key=lambda run: str(run["dag_run_id"]))


def save(lab: Lab, engineer: Engineer) -> float:
    """Seconds from when a person saves to when the run is queued, as Airflow's database has it."""
    engineer.sets("planned", OFTEN)
    request, saved = engineer.sets("staged", OFTEN), time.time()
    lab.until(lambda: runs_of(lab, request), "the run of a save", 30)
    return datetime.fromisoformat(runs_of(lab, request)[0]["queued_at"]).timestamp() - saved


def claim_of(lab: Lab, name: str) -> str:
    """Which run holds the server, as NetBox says."""
    return str(lab.devices(RACKS[0].name)[name].custom_fields["turnup_claim"] or "")


@pytest.fixture(scope="module")
def story(lab: Lab) -> Iterator[Story]:
    engineer, heard = Engineer(lab), Heard()

    lab.netbox.dcim.devices.get(engineer.ids[REFUSED]).update({"serial": ""})
    refused = engineer.sets("staged", REFUSED)
    lab.until(lambda: [run["state"] for run in runs_of(lab, refused)] == ["failed"], "the run to be refused")

    with paused(lab, DAG):
        with nobody_told(lab):
            lost, lost_at = engineer.sets("staged", LOST), time.monotonic()
            taken_back = engineer.sets("staged", TAKEN_BACK)
            engineer.sets("planned", TAKEN_BACK)
        stale = deliver(lab, wish(engineer, taken_back, TAKEN_BACK))

        edited = engineer.edits("staged", *EDITED, GUEST)
        lab.until(lambda: len(heard.lines(edited)) == len(EDITED) + 1, "every delivery of the bulk edit")
        again = [deliver(lab, wish(engineer, edited, name)) for name in EDITED]
        again.append(deliver(lab, wish(engineer, edited, EDITED[0]), secret("netbox_webhook_previous")))

        spread = engineer.sets("staged", SPREAD, THERE[4])
        lab.until(lambda: len(heard.lines(spread)) == 2, "both deliveries of the request of two racks")

        turnup = Client(netbox.url(), netbox.token(), timeout=60)
        turnup.change_all("dcim/devices", [{"id": engineer.ids[OWN], "status": "staged"}])
        lab.until(lambda: heard.lines(OWN), "turnup's own write to be delivered")
        turnup.change_all("dcim/devices", [{"id": engineer.ids[OWN], "status": "planned"}])

        seconds = [save(lab, engineer) for _ in range(SAVES)]
        runs = {request: runs_of(lab, request) for request in (refused, edited, spread, taken_back)}

        lab.until(lambda: time.monotonic() - lost_at > ON_ITS_WAY.total_seconds() + 2, "the lost delivery to be late", 90)
        sweep = lab.airflow.trigger(SWEEP, {})
        assert lab.ended(sweep, SWEEP, within=90) == "success"
        sweep_log = lab.log(sweep, "sweep", dag=SWEEP)

        # Taken back first: the sweep would start again what Airflow has forgotten.
        engineer.sets("planned", *EDITED, SPREAD, THERE[4], OFTEN)
        engineer.sets("planned", GUEST)
        for run in lab.airflow.runs_from(DAG, "netbox__"):
            if run["state"] == "queued" and lost not in run["dag_run_id"]:
                lab.airflow.delete(run)
    lab.until(lambda: claim_of(lab, LOST), "the swept run to claim its server", 60)
    page = engineer.page(f"/dcim/devices/{engineer.ids[LOST]}/")
    rack = lab.devices(RACKS[0].name)[LOST].rack.id
    yield Story(
        lab=lab,
        heard=heard,
        refused=refused,
        lost=lost,
        edited=edited,
        spread=spread,
        taken_back=taken_back,
        runs=runs,
        again=again,
        stale=stale,
        seconds=sorted(seconds),
        sweep_log=sweep_log,
        refused_after=runs_of(lab, refused),
        claim=claim_of(lab, LOST),
        page=page,
        rack_page=engineer.page(f"/dcim/racks/{rack}/"),
    )
    engineer.sets("planned", REFUSED)


def test_a_bulk_edit_of_many_is_one_run_of_those_that_are_turnup_s_and_names_who_did_it(story: Story) -> None:
    (run,) = story.runs[story.edited]
    assert run["dag_run_id"] == f"netbox__{story.edited}"
    conf = run["conf"]
    assert (conf["site"], conf["rack"], conf["servers"]) == (SITE, RACKS[1].name, EDITED)
    assert (run["state"], run["triggering_user_name"]) == ("queued", WHO)
    assert f"{WHO} set {len(EDITED)} device(s) to staged in NetBox" in run["note"]
    assert len(story.heard.lines(story.edited, "accepted (new)")) == 1
    assert len(story.heard.lines(story.edited, "ignored (not-ours)", GUEST)) == 1


def test_a_request_that_reaches_into_two_racks_is_a_run_for_each(story: Story) -> None:
    plain, other = story.runs[story.spread]
    assert plain["dag_run_id"] == f"netbox__{story.spread}"
    assert other["dag_run_id"].startswith(f"netbox__{story.spread}__rack")
    assert sorted((run["conf"]["rack"], *run["conf"]["servers"]) for run in (plain, other)) == [
        (RACKS[0].name, SPREAD),
        (RACKS[1].name, THERE[4]),
    ]


def test_the_same_deliveries_again_are_that_run_with_the_secret_of_before_as_well(story: Story) -> None:
    assert {(status, answer["reason"], answer["run_id"]) for status, answer in story.again} == {
        (202, "known", f"netbox__{story.edited}")
    }


def test_a_device_that_was_set_back_before_its_delivery_came_starts_nothing_and_that_is_said(story: Story) -> None:
    status, answer = story.stale
    assert (status, answer["status"], answer["reason"]) == (200, "ignored", "moved-on")
    assert f"{TAKEN_BACK} was set to planned by {WHO} since" in answer["detail"]
    assert story.runs[story.taken_back] == []
    assert len(story.heard.lines(story.taken_back, "ignored (moved-on)")) == 1


def test_turnup_s_own_writes_start_nothing(story: Story) -> None:
    assert len(story.heard.lines(OWN, "ignored (own-write)")) == 1
    assert story.lab.statuses(RACKS[0].name)[OWN] == "planned"


def test_from_saving_to_the_queued_run_it_takes_less_than_two_seconds(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    late = story.seconds[round(0.95 * SAVES) - 1]
    told = f"{SAVES} saves: {story.seconds[SAVES // 2]:.2f} s in the middle, {late:.2f} s at the 95th percentile"
    with capsys.disabled():
        console.say("netbox", f"from saving to the queued run, {told}")
    assert late < SOON, f"{told}: {story.seconds}"


def test_a_refused_plan_is_one_attempt_also_for_the_sweep(story: Story) -> None:
    (before,), (after,) = story.runs[story.refused], story.refused_after
    assert "has no serial number in NetBox" in story.lab.log(after["dag_run_id"], "plan")
    assert (after["state"], after["queued_at"], after["end_date"]) == ("failed", before["queued_at"], before["end_date"])
    assert f"request {story.refused}" in story.sweep_log
    assert "is there already" in story.sweep_log


def test_a_lost_delivery_is_found_by_the_sweep_and_its_run_has_the_name_that_the_webhook_would_have_given_it(
    story: Story,
) -> None:
    assert f"{LOST}, planned > staged by {WHO} (request {story.lost})" in story.sweep_log
    assert [run["dag_run_id"] for run in runs_of(story.lab, story.lost)] == [f"netbox__{story.lost}"]
    assert f"netbox__{story.lost}" in story.claim


def test_netbox_s_pages_lead_to_the_rack_and_to_the_run(story: Story) -> None:
    airflow = story.lab.endpoints["airflow"]["url"]
    rack = f'"{airflow}/turnup/?site={SITE}&rack={RACKS[0].name}"'
    assert rack in story.page
    assert rack in story.rack_page
    assert f'"{airflow}/dags/{DAG}/runs/netbox__{story.lost}"' in story.page


def test_every_delivery_that_netbox_made_was_taken(story: Story) -> None:
    assert story.heard.lines("refused") == []
