"""The story of rack R2: one server's BMC reports another serial number, and two engineers start the install at once."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest

from lab.datacenter import RACKS
from lab.metal import kind as metal
from tests.lab.conftest import Lab

RACK = RACKS[1]
WRONG = RACK.servers[3]


@dataclass(frozen=True)
class Story:
    lab: Lab
    runs: tuple[str, str]
    states: tuple[str, str]

    def reached(self, run: str) -> set[str]:
        """The servers that this run took as far as switching them on."""
        return {server for (task, server), state in self.lab.states(run).items() if task == "boot" and state in ("success",)}


@pytest.fixture(scope="module")
def story(lab: Lab) -> Story:
    lab.fault(WRONG.name, "bmc-serial")
    try:
        runs = (lab.start(rack=RACK.name), lab.start(rack=RACK.name))
        return Story(lab, runs, (lab.ended(runs[0]), lab.ended(runs[1])))
    finally:
        lab.fault(WRONG.name, "clear")


def test_seven_are_active_and_the_wrong_one_failed_alone(story: Story) -> None:
    expected = {server.name: "active" for server in RACK.servers} | {WRONG.name: "failed"}
    assert story.lab.statuses(RACK.name) == expected


def test_the_cause_names_the_server_and_what_to_do(story: Story) -> None:
    device = story.lab.devices(RACK.name)[WRONG.name]
    cause = device.custom_fields["turnup_cause"]
    assert f"{WRONG.name} (serial {WRONG.serial}, rack {RACK.name}, U{WRONG.unit})" in cause
    assert "reports the serial number" in cause
    assert "Next: " in cause
    assert device.custom_fields["turnup_claim"] is None


def test_the_wrong_machine_was_never_switched_on(story: Story) -> None:
    assert not metal.of(WRONG).is_on()


def test_of_two_runs_at_once_only_one_proceeds(story: Story) -> None:
    proceeding = [run for run in story.runs if story.reached(run)]
    assert len(proceeding) == 1, {run: story.reached(run) for run in story.runs}
    assert story.states == ("failed", "failed")


def test_the_refused_run_says_which_run_holds_the_rack(story: Story) -> None:
    (refused,) = [run for run in story.runs if not story.reached(run)]
    (proceeding,) = [run for run in story.runs if run != refused]
    logs = story.lab.log(refused, "plan") + story.lab.log(refused, "claim")
    assert f"held by the run server_install/{proceeding}" in logs


def test_the_run_that_went_on_names_the_one_that_failed(story: Story) -> None:
    (proceeding,) = [run for run in story.runs if story.reached(run)]
    assert f"not active: {WRONG.name}" in story.lab.log(proceeding, "finish")


@pytest.fixture(scope="module")
def aborted(story: Story) -> str:
    """The run of `server_abort` for the wrong machine."""
    lab = story.lab
    run = lab.start("server_abort", servers=[WRONG.name], reason="wrong machine delivered")
    assert lab.ended(run, "server_abort") == "success", lab.states(run, "server_abort")
    return run


def test_after_an_abort_the_server_is_planned_and_nothing_of_it_is_left(story: Story, aborted: str) -> None:
    device = story.lab.devices(RACK.name)[WRONG.name]
    assert device.status.value == "planned"
    assert (device.primary_ip4, device.oob_ip) == (None, None)
    assert (device.custom_fields["turnup_claim"], device.custom_fields["turnup_cause"]) == (None, None)
    with psycopg.connect(story.lab.endpoints["dhcp"]["lab1"]["database"]) as database:
        reserved = {row[0] for row in database.execute("SELECT encode(dhcp_identifier, 'hex') FROM hosts").fetchall()}
    assert not reserved & {WRONG.mac.replace(":", ""), WRONG.bmc_mac.replace(":", "")}
    assert len(reserved) == 2 * (len(RACK.servers) - 1)
    entries = story.lab.netbox.extras.journal_entries.filter(assigned_object_id=device.id)
    assert any("wrong machine delivered" in entry.comments and aborted in entry.comments for entry in entries)


def test_an_abort_of_a_live_server_is_refused_and_touches_nothing(story: Story) -> None:
    lab, live = story.lab, RACK.servers[0].name
    changes = lab.changes()
    run = lab.start("server_abort", servers=[live, "nobody"], reason="changed our minds")
    assert lab.ended(run, "server_abort") == "failed"
    log = lab.log(run, "check", dag="server_abort")
    assert f"{live}: is active and held by no run" in log
    assert "nobody: is the name of 0 devices" in log
    assert lab.changes() == changes
