"""A hold in the middle of a run: what waits says so and goes on by itself, what is new is refused, a dry run looks anyway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.datacenter import RACKS, SITE
from tests.lab import notices
from tests.lab.conftest import Lab
from turnup.adapters.netbox.holds import FRESH

RACK = RACKS[0]
SERVER, OTHER = RACK.servers[0].name, RACK.servers[1].name
REASON = "cooling is being repaired, ask Kim"


def hold(lab: Lab, *tags: str) -> None:
    """The site's tags from now on; with the hold goes its reason."""
    lab.netbox.dcim.sites.get(slug=SITE).update(
        {"tags": [{"slug": tag} for tag in tags], "custom_fields": {"turnup_hold_reason": REASON if tags else None}}
    )


@dataclass(frozen=True)
class Story:
    lab: Lab
    before: str  # a dry run on the day the servers were mounted
    run: str
    waiting: dict[tuple[str, str], str]  # the run's tasks under the hold
    claims: list[str | None]  # under the hold
    refused: str
    refused_abort: str
    looked: str  # a dry run under the hold
    ended: dict[str, str]


@pytest.fixture(scope="module")
def story(lab: Lab) -> Iterator[Story]:
    ended: dict[str, str] = {}
    before = lab.start(rack=RACK.name, servers=[SERVER, OTHER], dry_run=True)
    ended[before] = lab.ended(before)
    run = lab.start(rack=RACK.name, servers=[SERVER], approval="required")
    lab.parked(run)
    hold(lab, "turnup-hold")
    held = time.monotonic()
    lab.until(lambda: time.monotonic() - held > FRESH, "every earlier look at holds to be too old")
    try:
        lab.airflow.answer("server_install", run, "approval", -1, "Approve")
        lab.until(lambda: lab.states(run).get(("claim", "")) == "deferred", "the claim to wait")
        waiting = lab.states(run)
        claims = [device.custom_fields["turnup_claim"] for device in lab.devices(RACK.name).values()]
        refused = lab.start(rack=RACK.name, servers=[OTHER])
        looked = lab.start(rack=RACK.name, servers=[OTHER], dry_run=True)
        refused_abort = lab.start("server_abort", servers=[OTHER], reason="changed our minds")
        ended |= {one: lab.ended(one) for one in (refused, looked)}
        ended[refused_abort] = lab.ended(refused_abort, "server_abort")
    finally:
        hold(lab)
    ended[run] = lab.ended(run)
    yield Story(lab, before, run, waiting, claims, refused, refused_abort, looked, ended)


def test_the_run_waits_before_it_claims_anything(story: Story) -> None:
    assert story.waiting["claim", ""] == "deferred"
    assert set(story.claims) == {None}


def test_it_says_what_it_waits_for_and_who_to_ask(story: Story) -> None:
    log = story.lab.log(story.run, "claim")
    assert f"site {SITE} is on hold: {REASON}" in log
    assert "takes the tag turnup-hold off" in log


def test_it_goes_on_by_itself_when_the_hold_is_lifted(story: Story) -> None:
    assert story.ended[story.run] == "success"
    assert story.lab.statuses(RACK.name)[SERVER] == "active"


def test_a_new_run_and_an_abort_are_refused_with_the_reason(story: Story) -> None:
    assert (story.ended[story.refused], story.ended[story.refused_abort]) == ("failed", "failed")
    assert REASON in story.lab.log(story.refused, "plan")
    assert REASON in story.lab.log(story.refused_abort, "check", dag="server_abort")
    assert story.lab.statuses(RACK.name)[OTHER] == "planned"


def test_a_dry_run_looks_at_services_and_says_what_nobody_can_check_yet(story: Story) -> None:
    for run in (story.before, story.looked):
        assert story.ended[run] == "success", story.lab.states(run)
        log = story.lab.log(run, "preflight")
        assert "Nothing was touched" in log
        assert "the install gives it one" in log
        assert "no problem" in log
        assert story.lab.states(run)["claim", ""] == "skipped"
    assert story.lab.states(story.run)["preflight", ""] == "skipped"


def test_people_were_told_of_the_approval_the_hold_and_the_end_each_once(story: Story) -> None:
    said = notices.titles(story.lab, story.run)
    install = f"Install of rack {RACK.name}, site {SITE}"
    assert said == [
        f"ATTENTION: {install}: a plan for 1 server waits for an approval",
        f"ATTENTION: {install}: waits, site {SITE} is on hold: {REASON}",
        f"OK: {install}: {SERVER} is active",
    ]
    assert notices.titles(story.lab, story.run, "mail") == said[:1], "by the site's policy"


def test_people_were_told_of_what_the_hold_refused_and_of_no_dry_run(story: Story) -> None:
    (refused,) = notices.told(story.lab, story.refused)
    assert refused.title.startswith("*FAILED: ")
    assert REASON in refused.text
    assert len(notices.told(story.lab, story.refused_abort, dag="server_abort")) == 1
    assert notices.told(story.lab, story.looked) == notices.told(story.lab, story.before) == []
