"""The story of rack R2, where hardware, roles and owners are mixed: one server is the wrong machine, four more fail, each in
another row, two engineers start the install at once, and all that failed is aborted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from lab import authority
from lab.datacenter import GUESTS, NAMESAKES, OTHER_SITE, RACKS, SITE, Server
from lab.metal import kind as metal
from tests.lab import footprint, notices, prometheus
from tests.lab.conftest import Lab
from turnup.adapters.ssh import SshShell

RACK = RACKS[1]
WRONG = RACK.servers[3]
FAILING = {
    "boot": (WRONG, "bmc-serial"),
    "identity": (RACK.servers[1], "nonce-lost"),
    "salt_key": (RACK.servers[2], "minion-silent"),
    "configure": (RACK.servers[5], "state-fails"),
    "burn_in": (RACK.servers[6], "slow-disk"),
}
"""{row: the server that fails in it, its fault}"""
FAILED = [server for server, _ in FAILING.values()]


@dataclass(frozen=True)
class Story:
    lab: Lab
    runs: tuple[str, str]
    states: tuple[str, str]
    before: dict[str, Any]  # what NetBox, Kea, Salt and the boot folder had of those that fail

    def reached(self, run: str) -> set[str]:
        """The servers that this run took as far as switching them on."""
        return {server for (task, server), state in self.lab.states(run).items() if task == "boot" and state in ("success",)}

    @property
    def proceeding(self) -> str:
        """The run that went on."""
        return next(run for run in self.runs if self.reached(run))


@pytest.fixture(scope="module")
def story(lab: Lab) -> Story:
    before = footprint.of(lab, FAILED)
    for server, kind in FAILING.values():
        lab.fault(server.name, kind)
    try:
        runs = (lab.start(rack=RACK.name), lab.start(rack=RACK.name))
        return Story(lab, runs, (lab.ended(runs[0]), lab.ended(runs[1])), before)
    finally:
        for server in FAILED:
            lab.fault(server.name, "clear")


def test_each_failed_alone_and_the_others_are_active(story: Story) -> None:
    expected = {server.name: "failed" if server in FAILED else "active" for server in RACK.servers}
    assert story.lab.statuses(RACK.name) == expected


@pytest.mark.parametrize("row", FAILING)
def test_each_failed_in_the_row_that_its_fault_is_about(story: Story, row: str) -> None:
    server, _ = FAILING[row]
    assert story.lab.devices(RACK.name)[server.name].custom_fields["turnup_cause"].startswith(f"{row}: ")


@pytest.mark.parametrize("server", [RACK.servers[index] for index in (0, 4, 7)], ids=lambda server: server.name)
def test_each_server_is_installed_by_its_generation_and_its_role(story: Story, server: Server) -> None:
    device = story.lab.devices(RACK.name)[server.name]
    assert (device.device_type.slug, device.role.slug) == (server.generation.name, server.role)
    shell = SshShell(str(device.primary_ip4.address).split("/")[0], "root", authority.ssh_key())
    try:
        assert shell.run(("cat", "/etc/turnup/role"), 20).stdout.strip() == server.role
        assert json.loads(shell.run(("cat", "/etc/turnup/server.json"), 20).stdout)["generation"] == server.generation.name
        assert shell.run(("test", "-d", f"/srv/{server.role}"), 20).exit_status == 0
        links = json.loads(shell.run(("ip", "-json", "link", "show"), 20).stdout)
    finally:
        shell.close()
    assert {link["ifname"]: link["address"] for link in links if link["ifname"] != "lo"} == server.nics


def test_both_generations_and_both_roles_are_in_the_plan(story: Story) -> None:
    plan = json.loads(story.lab.record(story.proceeding, "plan.json") or b"{}")
    parts = {part["name"]: part for part in plan["servers"]}
    for server in RACK.servers:
        part = parts[server.name]
        assert (part["generation"], part["states"]) == (server.generation.name, ["common", server.role])
        assert sorted(part["macs"]) == sorted(server.nics.values())


def test_what_is_not_turnups_is_left_alone_and_said_so(story: Story) -> None:
    log = story.lab.log(story.proceeding, "plan")
    assert "lab1-r2-sw1 has the role 'switch', not turnup's here." in log
    assert "lab1-r2-probe1 has the role 'monitoring', not turnup's here." in log
    assert "lab1-r2-acme1 belongs to the tenant 'acme', whose servers turnup does not install here." in log
    found = {device.name: device for device in story.lab.netbox.dcim.devices.filter(site=SITE)}
    for guest in GUESTS:
        device = found[guest.name]
        assert (device.status.value, device.primary_ip4, device.oob_ip) == ("planned", None, None)
        assert set(device.custom_fields.values()) == {None}


def test_a_rack_and_servers_of_the_same_names_at_another_site_are_as_they_were(story: Story) -> None:
    netbox = story.lab.netbox
    there = {device.name: device for device in netbox.dcim.devices.filter(site=OTHER_SITE)}
    assert set(there) == {server.name for server in NAMESAKES}
    assert {device.status.value for device in there.values()} == {"planned"}
    assert {value for device in there.values() for value in device.custom_fields.values()} == {None}
    assert {rack.status.value for rack in netbox.dcim.racks.filter(site=OTHER_SITE)} == {"planned"}


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
    names = ", ".join(server.name for server in RACK.servers if server in FAILED)
    assert f"not in service: {names}" in story.lab.log(proceeding, "finish")


def test_each_failure_was_told_once_while_the_run_went_on_and_all_of_them_at_its_end(story: Story) -> None:
    *failures, finished = notices.told(story.lab, story.proceeding)
    assert finished.title.startswith(f"*FAILED: Install of rack {RACK.name}, site {SITE}: 3 of 8 servers are active")
    told = [server.name for server in FAILED for notice in failures if f"|{server.name}>" in notice.text]
    assert failures
    assert len(told) == len(set(told)), [notice.title for notice in failures]
    assert WRONG.name in told, "it fails long before the burn-in of the others ends"
    for row, (server, _) in FAILING.items():
        assert f"1 server failed at {row}: " in finished.text
        assert f"|{server.name}>" in finished.text
    mails = notices.told(story.lab, story.proceeding, "mail")
    assert [mail.title for mail in mails] == [notice.title.strip("*") for notice in failures], "by the site's policy"


def test_the_run_that_was_refused_was_told_once(story: Story) -> None:
    (refused,) = [run for run in story.runs if not story.reached(run)]
    (notice,) = notices.told(story.lab, refused)
    assert notice.title.startswith("*FAILED: ")


def test_a_server_that_failed_raises_its_alert(story: Story) -> None:
    labels = {"site": SITE, "rack": RACK.name, "cause": "states-fail"}
    annotations = prometheus.alert(story.lab, "TurnupServerFailed", **labels)
    assert annotations["summary"] == f"1 server(s) failed in rack {RACK.name}, site {SITE}: states-fail"
    assert annotations["runbook"] == "docs/runbooks.md#a-server-failed"


def test_prometheus_knows_how_each_server_ended_and_why_and_how_long_rows_took(story: Story) -> None:
    lab = story.lab
    prometheus.until(lab, f'sum(turnup_servers_failed{{site="{SITE}",rack="{RACK.name}"}})', len(FAILED))
    prometheus.until(lab, 'sum(turnup_recent_servers{outcome="failed"})', len(FAILED))
    prometheus.until(lab, 'sum(turnup_recent_servers{outcome="done"})', len(RACK.servers) - len(FAILED))
    for row, cause in (("boot", "bmc-serial-differs"), ("configure", "states-fail"), ("burn_in", "burn-in-failed")):
        assert (prometheus.value(lab, f'turnup_row_failures_total{{row="{row}",cause="{cause}"}}') or 0) >= 1, row
    assert prometheus.value(lab, 'sum(turnup_row_seconds_count{row="live"})') == len(RACK.servers) - len(FAILED)
    assert (prometheus.value(lab, 'sum(turnup_burn_in_verdicts_total{test="disk",outcome="fail"})') or 0) >= 1
    budgets = prometheus.values(lab, f'turnup_error_budget_left_ratio{{site="{SITE}"}}')
    assert len(budgets) == 2
    assert all(0 < left < 1 for left in budgets.values()), budgets


@pytest.fixture(scope="module")
def aborted(story: Story) -> str:
    """The run of `server_abort` for all that failed."""
    lab = story.lab
    run = lab.start("server_abort", servers=[server.name for server in FAILED], reason="wrong machines delivered")
    assert lab.ended(run, "server_abort") == "success", lab.states(run, "server_abort")
    return run


def test_after_an_abort_everything_is_as_before_the_install_whatever_row_failed(story: Story, aborted: str) -> None:
    lab = story.lab
    assert footprint.of(lab, FAILED) == story.before
    assert not [server.name for server in FAILED if metal.of(server).is_on()]
    assert len(lab.reserved()) == 2 * (len(RACK.servers) - len(FAILED))
    for device in (lab.devices(RACK.name)[server.name] for server in FAILED):
        entries = lab.netbox.extras.journal_entries.filter(assigned_object_id=device.id)
        assert any("wrong machines delivered" in entry.comments and aborted in entry.comments for entry in entries)


def test_an_abort_of_a_live_server_is_refused_and_touches_nothing(story: Story) -> None:
    lab, live = story.lab, RACK.servers[0].name
    changes = lab.changes()
    run = lab.start("server_abort", servers=[live, "nobody"], reason="changed our minds")
    assert lab.ended(run, "server_abort") == "failed"
    log = lab.log(run, "check", dag="server_abort")
    assert f"{live}: is active and held by no run" in log
    assert "nobody: is the name of 0 devices" in log
    assert lab.changes() == changes
