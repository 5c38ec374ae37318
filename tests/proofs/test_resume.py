"""A server fails, NetBox is corrected, somebody clears its task: it alone is planned again, asked about, and ends active.

NetBox is slow meanwhile, and away at the moment when the server goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab import paths
from lab.datacenter import NIC, RACKS
from tests.lab.conftest import Lab

RACK = RACKS[0]
SERVER = RACK.servers[2]
MISREAD = "02:00:00:00:ee:03"  # the MAC as somebody read it off the label


def set_mac(lab: Lab, mac: str) -> None:
    """The NIC's MAC in NetBox."""
    interface = lab.netbox.dcim.interfaces.get(device_id=lab.devices(RACK.name)[SERVER.name].id, name=NIC)
    lab.netbox.dcim.mac_addresses.get(interface_id=interface.id).update({"mac_address": mac.upper()})


def missed() -> int:
    """How often NetBox answered turnup 503."""
    lines = (paths.LOG / "netbox-access.log").read_text(errors="replace").splitlines()
    return sum('" 503 ' in line and '"turnup"' in line for line in lines)


@dataclass(frozen=True)
class Story:
    lab: Lab
    run: str
    failed: str
    cause: str
    looked: tuple[str, str]  # a dry run while the BMC refuses the password, and its end
    looked_again: tuple[str, str]
    ended: str


@pytest.fixture(scope="module")
def story(lab: Lab) -> Story:
    set_mac(lab, MISREAD)
    lab.fault(SERVER.name, "bmc-password")
    try:
        run = lab.start(rack=RACK.name, servers=[SERVER.name], approval="required")
        lab.parked(run)
        lab.airflow.answer("server_install", run, "approval", -1, "Approve")
        failed = lab.ended(run)
        cause = lab.devices(RACK.name)[SERVER.name].custom_fields["turnup_cause"]
        first = lab.start(rack=RACK.name, servers=[SERVER.name], dry_run=True)
        looked = (first, lab.ended(first))
    finally:
        lab.fault(SERVER.name, "clear")
        set_mac(lab, SERVER.mac)
    try:
        lab.fault("netbox", "slow")
        second = lab.start(rack=RACK.name, servers=[SERVER.name], dry_run=True)
        looked_again = (second, lab.ended(second))
        lab.fault("netbox", "clear")
        lab.fault("netbox", "unavailable")
        before = missed()
        lab.resume(run, "boot", SERVER.name)
        lab.until(lambda: missed() > before, "turnup to ask NetBox in vain")
    finally:
        lab.fault("netbox", "clear")
    lab.parked(run, "boot", SERVER.name)
    lab.airflow.answer("server_install", run, "boot", lab.index(run, "boot", SERVER.name), "Approve")
    lab.until(lambda: lab.airflow.state("server_install", run) == "running", "the run to go on")
    return Story(lab, run, failed, cause, looked, looked_again, lab.ended(run))


def test_it_failed_with_its_cause(story: Story) -> None:
    assert story.failed == "failed"
    assert "[bmc-password]" in story.cause


def test_a_dry_run_finds_the_same_cause_without_touching_anything(story: Story) -> None:
    run, state = story.looked
    assert state == "failed"
    log = story.lab.log(run, "preflight")
    assert "[bmc-password]" in log
    assert "nothing was touched" in log
    run, state = story.looked_again
    assert state == "success", story.lab.log(run, "preflight")
    assert "its certificate and serial number are right, the server is off" in story.lab.log(run, "preflight")


def test_the_part_planned_again_was_shown_and_approved_under_its_own_hash(story: Story) -> None:
    log = story.lab.log(story.run, "boot", SERVER.name)
    assert f"MAC of {NIC}: {MISREAD} -> {SERVER.mac}" in log
    assert story.lab.record(story.run, f"planned_again/{SERVER.name}/1.json") is not None


def test_it_ended_active_and_dhcp_forgot_the_wrong_mac(story: Story) -> None:
    assert story.ended == "success"
    assert story.lab.statuses(RACK.name)[SERVER.name] == "active"
    assert {SERVER.mac.replace(":", ""), SERVER.bmc_mac.replace(":", "")} == story.lab.reserved()
