"""Audits in the lab: where all is well there is no finding; drifts planted by hand in the real services are each found once, with
the right advice; the offered fixes and a few turns of the hand bring it back to none; without salt-api the rest still runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import requests

from lab import authority, paths, supervisor
from lab.commands import reset
from lab.datacenter import G2, RACKS, SITE, SWITCH
from lab.services import airflow, kea, postgres, salt
from tests.contract.test_salt import waiting_minion
from tests.lab.conftest import Lab
from turnup.adapters.boot_files import BootFolder
from turnup.adapters.dhcp.kea_hosts_database import KeaHostsDatabase
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.ssh import SshShell
from turnup.checks import CHECKS
from turnup.ports import Reservation
from turnup.reporting.identifier import identifier

DAG = "fleet_audit"
ONE, TWO, THREE = RACKS[0].servers[:3]
FOUR, NEW = RACKS[0].servers[3:5]
MIXED = RACKS[1].servers
STRANGER, SECOND_STRANGER, THIRD_STRANGER = (f"02:aa:00:00:00:0{number}" for number in (1, 2, 3))
SUBNET = RACKS[0].network.kea_subnet_id
FIXING = [name for name, check in CHECKS.items() if check.fixes]


@dataclass(frozen=True)
class Told:
    """What an audit said: its run's last state, and `/turnup/api/audits/latest` after it."""

    state: str
    latest: dict[str, Any]

    @property
    def found(self) -> list[tuple[str, str]]:
        return sorted((one["check"], one["subject"]) for one in self.latest["findings"])


@dataclass(frozen=True)
class Story:
    untouched: Told
    planted: dict[tuple[str, str], Callable[[], None]]
    drifted: Told
    fixed: Told
    mended: Told
    changes: int  # of NetBox, Kea and Salt by the last audit that was to fix everything
    away: Told


def audit(lab: Lab, **conf: Any) -> Told:
    run = lab.airflow.trigger(DAG, {"site": SITE} | conf)
    state = lab.ended(run, DAG, within=180)
    with requests.Session() as session:
        session.trust_env = False
        body = {"username": "operator", "password": airflow.password("operator")}
        token = session.post(f"{airflow.url()}/auth/token", json=body, timeout=20).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        answer = session.get(f"{airflow.url()}/turnup/api/audits/latest", headers=headers, timeout=20)
    assert answer.ok, (state, answer.text, lab.log(run, "audit", dag=DAG))
    told = Told(state, answer.json())
    assert told.latest["id"] == identifier(DAG, run), lab.log(run, "audit", dag=DAG)
    return told


class Plants:
    """Drifts, each with how a person takes it back where no fix is offered; `of` {(check, subject): that}."""

    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.lab = lab
        self.stack = stack
        self.of: dict[tuple[str, str], Callable[[], None]] = {}
        here = lab.endpoints["dhcp"][SITE]
        self.dhcp = KeaHostsDatabase(here["control_url"], here["control_username"], here["control_password"], here["database"])
        account = lab.endpoints["salt"]
        self.salt = SaltApi(account["url"], account["username"], account["password"], account["eauth"], account["ca"], 60)
        self.netbox = lab.netbox

    def plant(self, check: str, subject: str, mend: Callable[[], Any] = lambda: None) -> None:
        self.of[check, subject] = lambda: mend() and None

    def everything(self) -> None:
        for part in (self.bmcs, self.dhcp_rows, self.addresses, self.salt_and_boot, self.statuses, self.netbox_itself):
            part()

    def reserved(self, mac: str) -> Reservation:
        (found,) = self.dhcp.reservations([mac])
        return found

    def dhcp_rows(self) -> None:
        self.dhcp.release([self.reserved(ONE.mac)])
        self.plant("device_without_reservation", ONE.name)
        self.dhcp.reserve([Reservation(SUBNET, STRANGER, "198.18.1.200", "stranger")])
        self.plant("reservation_without_device", STRANGER)
        # Of servers, not of BMCs: those follow their reservations within seconds.
        self.dhcp.reserve([replace(self.reserved(FOUR.mac), ip="198.18.1.222")])
        self.plant("reservation_address_differs", FOUR.name)
        right = self.reserved(TWO.mac)
        self.dhcp.release([right])
        self.dhcp.reserve([replace(right, mac=SECOND_STRANGER)])
        self.plant("reservation_mac_differs", TWO.name)
        row = "INSERT INTO hosts (dhcp_identifier_type, dhcp_identifier, dhcp4_subnet_id, ipv4_address) VALUES (0, %s, %s, %s)"
        with postgres.connect("kea") as database:  # 203.0.113.7, which Kea would hand out without a word
            database.execute(row, (bytes.fromhex(THIRD_STRANGER.replace(":", "")), SUBNET, 3405803783))
        self.plant(
            "reservation_outside_subnet", THIRD_STRANGER, lambda: self.dhcp.release([Reservation(SUBNET, THIRD_STRANGER, "", "")])
        )
        lease = {"ip-address": "198.18.1.210", "hw-address": "02:aa:00:00:00:09", "subnet-id": SUBNET}
        assert kea.command("lease4-add", **lease)["result"] == 0
        self.plant("lease_unknown_mac", "02:aa:00:00:00:09", lambda: kea.command("lease4-del", **{"ip-address": "198.18.1.210"}))

    def addresses(self) -> None:
        addresses = self.netbox.ipam.ip_addresses
        self.netbox.dcim.devices.get(name=TWO.name, site=SITE).update({"primary_ip6": None})
        self.plant("primary_unset", TWO.name)
        lost = addresses.create(address="198.18.1.230/24", status="active", dns_name=ONE.fqdn)
        self.plant("address_without_interface", "198.18.1.230", lost.delete)
        port = self.netbox.dcim.interfaces.get(device=NEW.name, name="eth0", site=SITE)
        stray = addresses.create(
            address="203.0.113.5/24", status="active", assigned_object_type="dcim.interface", assigned_object_id=port.id
        )
        self.plant("address_outside_prefix", NEW.name, stray.delete)
        addresses.create(address="198.18.1.240/24", status="deprecated", description="Free after 2020-01-01. Was a test's")
        self.plant("quarantine_over", "198.18.1.240")
        self.lab.fault(RACKS[1].name, "prefix-full")
        self.plant("prefix_full", str(RACKS[1].network.prefix), lambda: self.lab.fault(RACKS[1].name, "clear"))

    def salt_and_boot(self) -> None:
        ghost, _ = self.stack.enter_context(waiting_minion(self.salt))
        self.salt.accept_key(ghost)
        self.plant("salt_key_without_device", ghost)
        waits = ExitStack()
        self.stack.callback(waits.close)
        waiting, _ = waits.enter_context(waiting_minion(self.salt))
        self.plant("salt_key_waiting", waiting, waits.close)
        BootFolder(paths.BOOT).write(TWO.mac, "#!ipxe\nexit\n")
        self.plant("boot_file_without_claim", TWO.mac)
        address = str(self.lab.devices(RACKS[0].name)[ONE.name].primary_ip4.address).split("/")[0]
        shell = SshShell(address, "root", authority.ssh_key())
        self.stack.callback(shell.close)
        assert shell.run(["cp", "/etc/motd", "/etc/motd.kept"], 10).exit_status == 0
        assert shell.run(["cp", "/etc/passwd", "/etc/motd"], 10).exit_status == 0
        self.plant("salt_states_drifted", ONE.name, lambda: shell.run(["cp", "/etc/motd.kept", "/etc/motd"], 10))

    def bmcs(self) -> None:
        for server, kinds in ((ONE, ["bmc-serial"]), (TWO, ["bmc-health", "bmc-factory-password"]), (THREE, ["bmc-certificate"])):
            for kind in kinds:
                self.lab.fault(server.name, kind)
        self.plant("bmc_serial_differs", ONE.name, lambda: self.lab.fault(ONE.name, "clear"))
        self.plant("bmc_health", TWO.name, lambda: self.lab.fault(TWO.name, "clear"))
        self.plant("bmc_factory_password", TWO.name)
        self.plant("bmc_certificate", THREE.name, lambda: self.lab.fault(THREE.name, "clear"))

    def statuses(self) -> None:
        devices = self.netbox.dcim.devices

        def now(name: str, **fields: Any) -> None:
            devices.get(name=name, site=SITE).update(fields)

        now(THREE.name, status="offline")
        self.plant("decommissioned_answers", THREE.name, lambda: now(THREE.name, status="active"))
        now(MIXED[0].name, status="failed")
        with psycopg.connect(postgres.url("netbox")) as database:
            key = devices.get(name=MIXED[0].name, site=SITE).id
            database.execute("UPDATE core_objectchange SET time = time - interval '30 days' WHERE changed_object_id = %s", (key,))
        self.plant("status_too_long", MIXED[0].name, lambda: now(MIXED[0].name, status="planned"))
        now(MIXED[1].name, custom_fields={"turnup_claim": "server_install/no-such-run"})
        self.plant("claim_of_ended_run", MIXED[1].name, lambda: now(MIXED[1].name, custom_fields={"turnup_claim": None}))
        other = self.netbox.dcim.device_types.get(slug=SWITCH).id
        usual = devices.get(name=MIXED[2].name, site=SITE).device_type.id
        now(MIXED[2].name, device_type=other)
        self.plant("hardware_without_profile", MIXED[2].name, lambda: now(MIXED[2].name, device_type=usual))

    def netbox_itself(self) -> None:
        second = next(server for server in MIXED if server.generation == G2)
        port = self.netbox.dcim.interfaces.get(device=second.name, name="eth1", site=SITE)
        port.update({"name": "renamed"})
        self.plant("hardware_differs", second.name, lambda: port.update({"name": "eth1"}))
        rule = self.netbox.extras.event_rules.get(name="turnup_install")
        rule.update({"enabled": False})
        self.plant("netbox_setup", "event_rules turnup_install", lambda: rule.update({"enabled": True}))


def written(lab: Lab) -> tuple[int, set[str], object]:
    """What a fix would change: NetBox, Kea's rows, Salt's keys."""
    return lab.changes(), lab.reserved(), salt.wheel("key.list_all")


def live(lab: Lab) -> Lab:
    """The lab with four live servers, as the story of the crashes leaves it; else they are installed."""
    wanted = [one.name for one in (ONE, TWO, THREE, FOUR)]
    statuses = {name: status for rack in RACKS for name, status in lab.statuses(rack.name).items() if status != "planned"}
    if statuses != dict.fromkeys(wanted, "active"):
        reset.run()
        run = lab.start(rack=RACKS[0].name, servers=wanted)
        assert lab.ended(run) == "success", lab.states(run)
    return lab


@pytest.fixture(scope="module")
def story(running_lab: Lab) -> Iterator[Story]:
    lab = live(running_lab)
    untouched = audit(lab)
    with ExitStack() as stack:
        plants = Plants(lab, stack)
        plants.everything()
        drifted = audit(lab)
        fixed = audit(lab, fix=FIXING)
        for mend in plants.of.values():
            mend()
        mended = audit(lab, fix=FIXING)
        before = written(lab)
        supervisor.stop("salt-api")
        try:
            away = audit(lab, fix=FIXING)
        finally:
            supervisor.start("salt-api")
            salt.wait()
        changes = 0 if written(lab) == before else 1
    yield Story(untouched, plants.of, drifted, fixed, mended, changes, away)


def test_where_all_is_well_there_is_no_finding_and_everything_was_checked(story: Story) -> None:
    assert (story.untouched.state, story.untouched.found, story.untouched.latest["not_checked"]) == ("success", [], [])


def test_each_drift_is_found_once_and_nothing_else_is(story: Story) -> None:
    assert len(story.planted) >= 15
    assert story.drifted.state == "success"
    assert story.drifted.found == sorted(story.planted)
    assert story.drifted.latest["not_checked"] == []


def test_each_finding_has_the_advice_of_its_check(story: Story) -> None:
    for one in story.drifted.latest["findings"]:
        assert one["advice"] == CHECKS[one["check"]].advice
        assert one["evidence"]
        assert (one["fix"] is not None) == CHECKS[one["check"]].fixes, one
        assert one["state"] == "new"


def test_the_offered_fixes_are_all_done(story: Story) -> None:
    assert story.fixed.state == "success"
    offered = {check for check, _ in story.planted if CHECKS[check].fixes}
    assert {(one["check"], one["outcome"]) for one in story.fixed.latest["fixes"]} == {(check, "done") for check in offered}


def test_after_the_fixes_and_what_a_person_mended_there_is_no_finding(story: Story) -> None:
    assert (story.mended.state, story.mended.found, story.mended.latest["fixes"]) == ("success", [], [])
    assert sorted((one["check"], one["subject"]) for one in story.mended.latest["gone"]) == sorted(story.planted)


def test_another_audit_that_may_fix_everything_changes_nothing(story: Story) -> None:
    assert story.changes == 0


def test_without_salt_api_the_rest_still_runs_and_what_was_not_checked_is_said(story: Story) -> None:
    assert story.away.state == "success"
    assert story.away.found == [("source_silent", "Salt keys")]
    names = {"salt_key_without_device", "salt_key_missing", "salt_key_waiting", "salt_silent", "salt_states_drifted"}
    assert set(story.away.latest["not_checked"]) == names
    assert "salt-api" in story.away.latest["not_checked_because"]["salt_key_missing"]
