"""The story of rack R1: a dry run, then eight servers from `planned` to `active`, then a second run that changes nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
import pytest

from lab import authority, paths
from lab.datacenter import RACKS, Server
from lab.metal import kind as metal
from tests.lab.conftest import Lab
from turnup.adapters.redfish import RedfishBmc
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.ssh import SshShell
from turnup.domain.salt_states import judge

RACK = RACKS[0]
SERVERS = {server.name: server for server in RACK.servers}


@dataclass(frozen=True)
class Story:
    """What happened, and what the world looks like after it."""

    lab: Lab
    dry_run: str
    dry_statuses: dict[str, str]
    dry_changes: int
    run: str
    state: str
    requests: int
    second: str
    second_state: str
    second_changes: int

    @cached_property
    def devices(self) -> dict[str, Any]:
        return self.lab.devices(RACK.name)

    @cached_property
    def salt(self) -> SaltApi:
        salt = self.lab.endpoints["salt"]
        return SaltApi(salt["url"], salt["username"], salt["password"], salt["eauth"], salt["ca"])

    def ip(self, server: Server, which: str) -> str:
        return str(getattr(self.devices[server.name], which).address).split("/")[0]

    def shell(self, server: Server) -> SshShell:
        return SshShell(self.ip(server, "primary_ip4"), "root", authority.ssh_key())


@pytest.fixture(scope="module")
def story(lab: Lab) -> Story:
    changes = lab.changes()
    dry_run = lab.start(rack=RACK.name, dry_run=True)
    assert lab.ended(dry_run) == "success"
    dry_statuses, dry_changes = lab.statuses(RACK.name), lab.changes() - changes

    log = paths.LOG / "netbox-access.log"
    before = log.stat().st_size
    run = lab.start(rack=RACK.name)
    state = lab.ended(run)
    with log.open() as lines:
        lines.seek(before)
        requests = sum('"turnup"' in line for line in lines)

    changes = lab.changes()
    second = lab.start(rack=RACK.name)
    second_state = lab.ended(second)
    return Story(lab, dry_run, dry_statuses, dry_changes, run, state, requests, second, second_state, lab.changes() - changes)


each_server = pytest.mark.parametrize("server", RACK.servers, ids=lambda server: server.name)


def test_a_dry_run_shows_the_plan_and_changes_nothing(story: Story) -> None:
    log = story.lab.log(story.dry_run, "plan")
    for server in RACK.servers:
        assert f"{server.name} (serial {server.serial}, rack {RACK.name}, U{server.unit})" in log
    assert set(story.dry_statuses.values()) == {"planned"}
    assert story.dry_changes == 0
    assert story.lab.states(story.dry_run)["claim", ""] == "skipped"
    assert story.lab.record(story.dry_run, "plan.txt") is not None


def test_every_server_of_the_rack_is_active_and_held_by_nobody(story: Story) -> None:
    assert story.state == "success", story.lab.states(story.run)
    assert {name: device.status.value for name, device in story.devices.items()} == dict.fromkeys(SERVERS, "active")
    assert {device.custom_fields["turnup_claim"] for device in story.devices.values()} == {None}


def test_the_rack_is_active(story: Story) -> None:
    racks = [rack for rack in story.lab.netbox.dcim.racks.filter(site="lab1") if rack.name == RACK.name]
    assert [rack.status.value for rack in racks] == ["active"]


def test_each_server_has_addresses_of_its_own_from_the_right_prefixes(story: Story) -> None:
    primary = {str(device.primary_ip4.address) for device in story.devices.values()}
    out_of_band = {str(device.oob_ip.address) for device in story.devices.values()}
    assert len(primary | out_of_band) == 2 * len(SERVERS)
    assert all(address.startswith("198.18.1.") for address in primary)
    assert all(address.startswith("198.18.240.") for address in out_of_band)


@each_server
def test_it_answers_by_ssh_on_its_primary_address(story: Story, server: Server) -> None:
    shell = story.shell(server)
    try:
        assert shell.run(("hostname",), 20).stdout.strip() in (server.fqdn, server.name)
        assert shell.run(("cat", "/etc/turnup/role"), 20).stdout.strip() == "edge"
    finally:
        shell.close()


@each_server
def test_its_bmc_answers_on_its_out_of_band_address_and_is_on_record(story: Story, server: Server) -> None:
    redfish = story.lab.endpoints["redfish"]
    bmc = RedfishBmc(story.ip(server, "oob_ip"), redfish["port"], redfish["username"], redfish["password"])
    recorded = story.devices[server.name].custom_fields["turnup_bmc_certificate"]
    assert bmc.certificate() == recorded
    bmc.trust(recorded)
    assert (bmc.system().serial, bmc.system().power) == (server.serial, "On")


def reserved(story: Story) -> dict[str, str]:
    """{MAC without colons: address} of all that Kea has reserved."""
    with psycopg.connect(story.lab.endpoints["dhcp"]["lab1"]["database"]) as database:
        rows = database.execute("SELECT encode(dhcp_identifier, 'hex'), ipv4_address FROM hosts").fetchall()
    return {mac: f"{ip >> 24}.{ip >> 16 & 255}.{ip >> 8 & 255}.{ip & 255}" for mac, ip in rows}


def to_be_reserved(story: Story) -> dict[str, str]:
    expected = {server.mac.replace(":", ""): story.ip(server, "primary_ip4") for server in RACK.servers}
    return expected | {server.bmc_mac.replace(":", ""): story.ip(server, "oob_ip") for server in RACK.servers}


def test_kea_has_a_reservation_for_each_nic_and_each_bmc(story: Story) -> None:
    assert reserved(story) == to_be_reserved(story)


@each_server
def test_the_accepted_key_is_the_one_on_the_machine(story: Story, server: Server) -> None:
    shell = story.shell(server)
    try:
        pem = shell.run(("cat", "/etc/salt/pki/minion/minion.pub"), 20).stdout
    finally:
        shell.close()
    der = base64.b64decode("".join(pem.split("-----")[2].split()))
    assert story.salt.accepted_key(server.fqdn) == hashlib.sha256(der).hexdigest()


@each_server
def test_its_burn_in_is_on_record_with_numbers(story: Story, server: Server) -> None:
    content = story.lab.record(story.run, f"burn_in/{server.name}/1.json")
    assert content is not None
    verdicts = {(one["test"], one["figure"]): one for one in json.loads(content)["verdicts"]}
    for figure in (("cpu", "bogo_ops_per_second"), ("disk", "read_iops"), ("disk", "write_iops")):
        assert verdicts[figure]["outcome"] == "pass"
        assert verdicts[figure]["value"] > 0


@each_server
def test_its_journal_names_the_run(story: Story, server: Server) -> None:
    entries = list(story.lab.netbox.extras.journal_entries.filter(assigned_object_id=story.devices[server.name].id))
    assert [entry.kind.value for entry in entries] == ["success"]
    assert story.run in entries[0].comments


def test_boot_scripts_are_gone_after_the_start(story: Story) -> None:
    assert list(paths.BOOT.glob("*.ipxe")) == []


def test_the_states_are_clean(story: Story) -> None:
    """On every server, a test run of the states that it was given fails nothing and would change nothing."""
    plan = json.loads(story.lab.record(story.run, "plan.json") or b"{}")
    jobs = {
        part["hostname"]: story.salt.submit(
            part["hostname"],
            "state.sls",
            (),
            {"mods": ",".join(part["states"]), "pillar": {"turnup": part["pillar"]}, "test": True, "queue": True},
        )
        for part in plan["servers"]
    }
    assert len(jobs) == len(SERVERS)
    end = time.monotonic() + 120
    waiting = dict(jobs)
    while waiting:
        assert time.monotonic() < end, f"no answer from {sorted(waiting)}"
        for minion, job in list(waiting.items()):
            if (returned := story.salt.returned(job, minion)) is not None:
                states = judge(returned.value)
                assert states.count > 0
                assert (states.failed, states.changed) == ((), ()), minion
                del waiting[minion]
        time.sleep(0.5)


def test_configure_says_what_it_changed(story: Story) -> None:
    server = RACK.servers[0]
    assert json.loads(story.lab.record(story.run, f"configure/{server.name}/1.json") or b"{}")["changed"]
    log = story.lab.log(story.run, "configure", server.name)
    assert "test run:" in log
    assert "applied:" in log


def test_the_grid_names_every_server(story: Story) -> None:
    for row in ("boot", "identity", "salt_key", "configure", "burn_in", "live"):
        assert {server for task, server in story.lab.states(story.run) if task == row} == set(SERVERS)


def test_every_log_line_of_a_row_names_run_step_and_server(story: Story) -> None:
    server = RACK.servers[2]
    log = story.lab.log(story.run, "boot", server.name)
    ours = [line for line in log.splitlines() if line.startswith(f"{server.name} boot: ")]
    assert len(ours) >= 3, log
    assert all(line.endswith(f"[{story.run}]") for line in ours)


def test_no_secret_is_in_a_log_or_in_the_run_folder(story: Story) -> None:
    endpoints = story.lab.endpoints
    secrets = [endpoints[service]["password"] for service in ("salt", "redfish", "airflow")] + [endpoints["netbox"]["token"]]
    secrets.append(authority.ssh_key().splitlines()[1])
    for folder in (paths.REPORTS, paths.LOG / "airflow"):
        for path in folder.rglob("*"):
            if path.is_file():
                text = path.read_text(errors="replace")
                assert not [secret for secret in secrets if secret in text], path


def test_it_asks_netbox_for_at_most_30_requests_and_4_a_server(story: Story) -> None:
    assert 0 < story.requests <= 30 + 4 * len(SERVERS), story.requests


def test_a_second_run_succeeds_changes_nothing_and_says_so(story: Story) -> None:
    assert story.second_state == "success"
    assert story.second_changes == 0
    log = story.lab.log(story.second, "plan")
    assert "Nothing to do" in log
    assert "is active" in log


@dataclass(frozen=True)
class Adoption:
    """The same rack as if turnup had come only now: what it left behind is wiped, the servers run. One BMC is the wrong one."""

    wrong: Server
    certificates: dict[str, str]
    first: str
    first_state: str
    after_first: dict[str, Any]
    second: str
    second_state: str
    before: dict[str, Any]
    after: dict[str, Any]
    reserved: dict[str, str]


def custom_fields(devices: dict[str, Any], name: str) -> dict[str, Any]:
    return {device.name: device.custom_fields[name] for device in devices.values()}


def without_custom_fields(devices: dict[str, Any]) -> dict[str, Any]:
    left_out = ("custom_fields", "last_updated", "local_context_data", "config_context")
    return {name: {key: value for key, value in dict(device).items() if key not in left_out} for name, device in devices.items()}


@pytest.fixture(scope="module")
def adoption(story: Story) -> Adoption:
    lab, wrong = story.lab, RACK.servers[-1]
    certificates = custom_fields(story.devices, "turnup_bmc_certificate")
    wiped = {"turnup_claim": None, "turnup_cause": None, "turnup_last_run": None, "turnup_bmc_certificate": None}
    for device in lab.devices(RACK.name).values():
        device.update({"custom_fields": wiped})
    with psycopg.connect(lab.endpoints["dhcp"]["lab1"]["database"]) as database:
        database.execute("DELETE FROM hosts")
    before = lab.devices(RACK.name)
    lab.fault(wrong.name, "bmc-serial")
    try:
        first = lab.start("server_adopt", rack=RACK.name)
        first_state = lab.ended(first, "server_adopt")
    finally:
        lab.fault(wrong.name, "clear")
    after_first = lab.devices(RACK.name)
    second = lab.start("server_adopt", rack=RACK.name)
    second_state = lab.ended(second, "server_adopt")
    after = lab.devices(RACK.name)
    return Adoption(wrong, certificates, first, first_state, after_first, second, second_state, before, after, reserved(story))


def test_live_servers_are_adopted_and_one_that_fails_stays_active_with_its_cause(story: Story, adoption: Adoption) -> None:
    assert adoption.first_state == "failed"
    assert "7 of 8 servers are adopted" in story.lab.log(adoption.first, "finish", dag="server_adopt")
    assert {device.status.value for device in adoption.after_first.values()} == {"active"}
    assert set(custom_fields(adoption.after_first, "turnup_claim").values()) == {None}
    expected = dict.fromkeys(SERVERS, f"server_adopt/{adoption.first}") | {adoption.wrong.name: None}
    assert custom_fields(adoption.after_first, "turnup_last_run") == expected
    cause = adoption.after_first[adoption.wrong.name].custom_fields["turnup_cause"]
    assert "reports the serial number" in cause
    assert "[bmc-serial-differs]" in cause


def test_once_its_cause_is_mended_the_last_one_is_adopted_and_the_others_are_left_alone(story: Story, adoption: Adoption) -> None:
    assert adoption.second_state == "success"
    assert {server for task, server in story.lab.states(adoption.second, "server_adopt") if server} == {adoption.wrong.name}
    assert "is known to turnup by the run" in story.lab.log(adoption.second, "plan", dag="server_adopt")
    assert all(custom_fields(adoption.after, "turnup_last_run").values())
    assert not any(custom_fields(adoption.after, "turnup_cause").values())


def test_an_adoption_records_certificates_and_reservations_and_changes_nothing_else(story: Story, adoption: Adoption) -> None:
    assert custom_fields(adoption.after, "turnup_bmc_certificate") == adoption.certificates
    assert adoption.reserved == to_be_reserved(story)
    assert without_custom_fields(adoption.after) == without_custom_fields(adoption.before)
    assert list(paths.BOOT.glob("*.ipxe")) == []
    assert all(metal.of(server).is_on() for server in RACK.servers)
