"""The story of rack R1: a dry run, then eight servers from `planned` to `active`, then a second run that changes nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_interface
from typing import Any

import psycopg
import pytest
import requests

from lab import authority, paths
from lab.clients.steady import Steady
from lab.datacenter import RACKS, Server
from lab.metal import kind as metal
from lab.services import airflow, netbox
from tests.lab.conftest import Lab
from turnup.adapters.policy_files import load_policy
from turnup.adapters.redfish import RedfishBmc
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.ssh import SshShell
from turnup.adapters.traffic.haproxy import Haproxy
from turnup.domain.capacity import judge as judge_capacity
from turnup.domain.salt_states import judge
from turnup.ports import InPool, Target
from turnup.reporting.identifier import identifier

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
    ipv6 = {ip_interface(device.primary_ip6.address).ip for device in story.devices.values()}
    assert len(ipv6) == len(SERVERS)
    assert RACK.network.ipv6
    assert all(address in RACK.network.ipv6 for address in ipv6)


@each_server
def test_it_answers_by_ssh_on_its_primary_address(story: Story, server: Server) -> None:
    shell = story.shell(server)
    try:
        assert shell.run(("hostname",), 20).stdout.strip() in (server.fqdn, server.name)
        assert shell.run(("cat", "/etc/turnup/role"), 20).stdout.strip() == "edge"
    finally:
        shell.close()


@each_server
def test_it_answers_by_ssh_on_its_ipv6_address(story: Story, server: Server) -> None:
    shell = SshShell(story.ip(server, "primary_ip6"), "root", authority.ssh_key())
    try:
        kept = json.loads(shell.run(("cat", "/etc/turnup/server.json"), 20).stdout)
        assert kept["serial"] == server.serial
        assert kept["network"]["addresses"] == [
            str(getattr(story.devices[server.name], which).address) for which in ("primary_ip4", "primary_ip6")
        ]
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
    given = {name: json.loads(story.lab.record(story.run, f"configure/{name}/1.json") or b"{}")["pillar"] for name in SERVERS}
    jobs = {
        part["hostname"]: story.salt.submit(
            part["hostname"],
            "state.sls",
            (),
            {"mods": ",".join(part["states"]), "pillar": given[part["name"]], "test": True, "queue": True},
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


def targets(story: Story) -> list[Target]:
    return [Target(server.role, server.fqdn, story.ip(server, "primary_ip4")) for server in RACK.servers]


def test_every_server_serves_the_site_s_clients(story: Story) -> None:
    assert {one.address for one in targets(story)} <= {one.address for one in story.lab.traffic.serving("edge")}
    with Steady(story.lab.endpoints["traffic"]["lab1"]["url"]) as clients:
        names = {server.fqdn for server in RACK.servers}
        story.lab.until(lambda: names <= set(clients.count().servers), "every server answered a client")
    assert clients.count().failed == 0, clients.count()


def test_two_of_eight_leave_under_a_hundred_requests_a_second_and_none_fails(story: Story) -> None:
    """Drained, waited for, taken out, and brought back: clients see nothing of it."""
    traffic, leaving, policy = story.lab.traffic, targets(story)[:2], load_policy(paths.CHECKOUT / "inventory", "lab1").site
    every = [one.address for one in traffic.serving("edge")]
    assert judge_capacity("edge", every, every, [one.address for one in leaving], policy.capacity_of("edge")).enough
    with Steady(story.lab.endpoints["traffic"]["lab1"]["url"], rate=150) as clients:
        story.lab.until(lambda: clients.count().asked > 150, "clients are at work")
        for one in leaving:
            traffic.drain(one)
            story.lab.until(lambda one=one: traffic.connections(one) == 0, f"{one.hostname} bears nothing any more")  # type: ignore[misc]
            traffic.leave(one)
            assert traffic.state(one).state is InPool.ABSENT
        assert [one.address for one in traffic.serving("edge")] == sorted(set(every) - {one.address for one in leaving})
        before = clients.count()
        story.lab.until(lambda: clients.count().asked > before.asked + 150, "a second without them")
        without = clients.count().servers - before.servers
        assert not {one.hostname for one in leaving} & set(without), without
        for one in leaving:
            story.lab.until(lambda one=one: entered(traffic, one), f"{one.hostname} serves again")  # type: ignore[misc]
    count = clients.count()
    assert count.failed == 0, count
    assert count.rate >= 100, count


def entered(traffic: Haproxy, one: Target) -> bool:
    traffic.enter(one)
    return traffic.state(one).state is InPool.SERVING


def test_configure_says_what_it_changed(story: Story) -> None:
    server = RACK.servers[0]
    assert json.loads(story.lab.record(story.run, f"configure/{server.name}/1.json") or b"{}")["changed"]
    log = story.lab.log(story.run, "configure", server.name)
    assert "test run:" in log
    assert "applied:" in log


def test_the_grid_names_every_server(story: Story) -> None:
    for row in ("boot", "identity", "salt_key", "configure", "burn_in", "live", "enter_service"):
        assert {server for task, server in story.lab.states(story.run) if task == row} == set(SERVERS)


def test_every_log_line_of_a_row_names_run_step_and_server(story: Story) -> None:
    server = RACK.servers[2]
    log = story.lab.log(story.run, "boot", server.name)
    ours = [line for line in log.splitlines() if line.startswith(f"{server.name} boot: ")]
    assert len(ours) >= 3, log
    assert all(line.endswith(f"[{story.run}]") for line in ours)


def test_no_secret_is_in_a_log_or_in_the_run_folder(story: Story) -> None:
    endpoints = story.lab.endpoints
    secrets = [endpoints[service]["password"] for service in ("salt", "redfish", "airflow")] + [netbox.token()]
    secrets.append(endpoints["traffic"]["lab1"]["private_key"].splitlines()[1])
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
    # The lab's BMCs live off their reservations and give their addresses up two minutes after; NICs keep theirs for an hour.
    unknown = [*(server.mac for server in RACK.servers), RACK.servers[0].bmc_mac]
    with psycopg.connect(lab.endpoints["dhcp"]["lab1"]["database"]) as database:
        macs = [bytes.fromhex(mac.replace(":", "")) for mac in unknown]
        database.execute("DELETE FROM hosts WHERE dhcp_identifier = ANY(%s)", (macs,))
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


def report(path: str, user: str = "", **headers: str) -> requests.Response:
    """What Airflow's API server answers to that user, or to nobody."""
    if user:
        login = {"username": user, "password": airflow.password(user)}
        token = requests.post(f"{airflow.url()}/auth/token", json=login, timeout=30).json()["access_token"]
        headers["Authorization"] = f"Bearer {token}"
    return requests.get(f"{airflow.url()}/turnup/reports/{path}", headers=headers, timeout=30)


def test_the_report_tells_everything_to_whoever_may_see_the_run(story: Story) -> None:
    told = report(f"{identifier('server_install', story.run)}.json", "viewer").json()
    assert told["headline"] == f"All {len(SERVERS)} servers are active."
    assert (told["site"], told["rack"], told["started_by"], told["notes"]) == ("lab1", RACK.name, "operator", [])
    assert told["plan_text"].encode() == story.lab.record(story.run, "plan.txt")
    assert {row["name"] for row in told["rows"] if row["seconds"] is not None} >= {"snapshot", "plan", "claim", "finish"}
    for part in told["servers"]:
        server = SERVERS[part["name"]]
        assert (part["serial"], part["unit"], part["status"]) == (server.serial, f"U{server.unit}", "active")
        assert all(row["state"] == "done" and row["began"] < row["ended"] and row["seconds"] > 0 for row in part["rows"])
        assert story.ip(server, "primary_ip4") in str(part["addresses"])
        assert {change["function"] for change in part["salt"][0]["changes"]} >= {"file.managed", "file.directory"}
        figures = {one["figure"]: one for one in part["burn_in"][0]["figures"]}
        assert (figures["read_iops"]["outcome"], figures["read_iops"]["unit"]) == ("pass", "IO/s")
        assert figures["read_iops"]["value"] > figures["read_iops"]["at_least"]


def test_the_report_is_a_page_that_runs_nothing(story: Story) -> None:
    answer = report(identifier("server_install", story.run), "viewer", accept="text/html")
    assert answer.status_code == 200
    assert all(server in answer.text for server in SERVERS)
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_without_a_login_there_is_no_report_and_a_browser_is_led_to_the_login(story: Story) -> None:
    for path in ("", identifier("server_install", story.run), f"{identifier('server_install', story.run)}.json"):
        assert report(path).status_code == 401
        assert "/auth/login?next=" in report(path, accept="text/html").text


def test_the_report_can_be_reached_from_every_task_and_from_the_journal(story: Story) -> None:
    address = f"{airflow.url()}/turnup/reports/{identifier('server_install', story.run)}"
    for task, index in (("plan", -1), ("claim", -1), ("boot", 0), ("live", 7), ("finish", -1)):
        assert story.lab.airflow.links("server_install", story.run, task, index)["Report"] == address
    server = story.devices[RACK.servers[0].name]
    entries = story.lab.netbox.extras.journal_entries.filter(assigned_object_id=server.id)
    assert any("Installed by" in entry.comments and f"[Report]({address})" in entry.comments for entry in entries)


def test_a_dry_run_and_a_run_with_nothing_to_do_leave_a_report_too(story: Story) -> None:
    dry = report(f"{identifier('server_install', story.dry_run)}.json", "viewer").json()
    assert "dry run" in dry["headline"]
    assert {part["status"] for part in dry["servers"]} == {"planned"}
    nothing = report(f"{identifier('server_install', story.second)}.json", "viewer").json()
    assert nothing["headline"] == "There was nothing to do, and nothing was changed."
    listed = report("", "viewer").text
    assert all(identifier("server_install", run) in listed for run in (story.run, story.dry_run, story.second))
