"""Two of eight servers leave rack R1 under steady traffic: wiped, proven, released; nothing else of the rack is touched.

A third one, whose BMC falls silent, is put back into service by an abort meanwhile. The story goes on with the rack that the one
before it installed, where that is live; else it installs one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from lab import authority, paths
from lab.clients.steady import Count, Steady
from lab.commands import reset
from lab.datacenter import RACKS, SITE, Server
from lab.metal import kind as metal
from lab.metal.folder import Folder
from lab.metal.namespace import disks
from lab.services import airflow
from tests.lab import footprint
from tests.lab.conftest import Lab
from turnup.adapters.ssh import SshShell
from turnup.erasure import payload
from turnup.ports import Completed

DAG = "server_decommission"
RACK = RACKS[0]
LEAVE, STAY = RACK.servers[1:3], (RACK.servers[0], *RACK.servers[3:])
RETURNS = RACK.servers[4]
NAMES = [server.name for server in LEAVE]
ASKED = {"rack": RACK.name, "servers": NAMES, "wipe": "clear", "reason": "end of lease, they go back to the lessor"}
PATTERN = b"PATTERN-OF-A-CUSTOMER-%09d\n" % 7
BOOT_SECTOR = 4096  # bytes that firmware reads of a disk: what stays has to start again one day
LITTLE = 8 * 1024 * 1024  # bytes of the pattern on disks that stay; those that leave are full of it


def files(*servers: Server) -> list[Path]:
    return [Folder(server).disk(name) for server in servers for name in disks.NAMES]


def fill(file: Path, size: int) -> None:
    with file.open("r+b") as disk:
        disk.seek(BOOT_SECTOR)
        disk.write((PATTERN * (size // len(PATTERN) + 1))[: size - BOOT_SECTOR])


def digest(file: Path) -> str:
    with file.open("rb") as disk:
        return hashlib.file_digest(disk, "sha256").hexdigest()


def answer(run: str, chosen: str, user: str) -> int:
    """The HTTP status of answering the approval as that user."""
    login = {"username": user, "password": airflow.password(user)}
    token = requests.post(f"{airflow.url()}/auth/token", json=login, timeout=30).json()["access_token"]
    where = f"{airflow.url()}/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/approval/-1/hitlDetails"
    body = {"chosen_options": [chosen], "params_input": {}}
    return requests.patch(where, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


def called_in_production(server: Server, ip: str, order: str) -> dict[str, Completed]:
    """What happens to whoever calls the wiping code on a server that serves, with an order that is signed."""
    _, public = authority.erasure_key("order")
    program = base64.b64encode(payload.files(public.read_bytes())[payload.WIPE][0]).decode()
    shell = SshShell(ip, "root", authority.ssh_key())
    try:
        found = {name: shell.run((name, "start", order), 60) for name in ("turnup-wipe", "turnup-prove")}
        smuggled = shell.run(("sh", "-c", 'echo "$0" | base64 -d >/tmp/wipe && chmod +x /tmp/wipe', program), 60)
        assert smuggled.exit_status == 0, smuggled
        return found | {"smuggled": shell.run(("/tmp/wipe", "start", order), 60)}
    finally:
        shell.close()


@dataclass(frozen=True)
class Story:
    """What happened, and what was seen before and after."""

    lab: Lab
    dry_run: str
    dry_state: str
    dry_changes: int
    run: str
    state: str
    asked: dict[str, Any]
    answers: dict[str, int]
    untouched_by_asking: bool
    stopped: str
    stopped_state: str
    abort: str
    abort_state: str
    clients: Count
    before: dict[str, str]
    addresses: dict[str, list[str]]
    production: dict[str, Completed]

    @cached_property
    def after(self) -> dict[str, Any]:
        return footprint.of(self.lab, RACK.servers)

    @property
    def folder(self) -> Path:
        """The run's, in the report store."""
        return Path(paths.REPORTS) / "runs" / DAG / quote(self.run, safe="")


@pytest.fixture(scope="module")
def live(running_lab: Lab) -> Lab:
    """The rack is live, and held by nobody."""
    devices = running_lab.devices(RACK.name).values()
    if {(one.status.value, one.custom_fields["turnup_claim"]) for one in devices} != {("active", None)}:
        reset.run()
        run = running_lab.start(rack=RACK.name)
        assert running_lab.ended(run) == "success", running_lab.states(run)
    return running_lab


@pytest.fixture(scope="module")
def story(live: Lab) -> Iterator[Story]:
    lab = live
    for file in files(*RACK.servers):
        fill(file, disks.SIZE if file in files(*LEAVE) else LITTLE)
    before = {str(file): digest(file) for file in files(*STAY)}
    devices = lab.devices(RACK.name)
    addresses = {name: sorted(map(str, lab.netbox.ipam.ip_addresses.filter(device_id=devices[name].id))) for name in NAMES}

    changes = lab.changes()
    dry_run = lab.start(DAG, **ASKED, dry_run=True)
    dry_state = lab.ended(dry_run, DAG)
    dry_changes = lab.changes() - changes
    with Steady(lab.endpoints["traffic"][SITE]["url"], rate=130) as clients:
        run = lab.start(DAG, **ASKED)
        lab.parked(run, dag=DAG)
        asked = lab.airflow.asked(DAG, run, "approval", -1)
        answers = {user: answer(run, "Approve", user) for user in ("operator", "viewer")}
        untouched = lab.changes() == changes
        stopped = lab.start(DAG, **ASKED | {"servers": [RETURNS.name]})
        lab.parked(stopped, dag=DAG)
        lab.fault(RETURNS.name, "bmc-dead")
        try:
            answers["approver"] = answer(run, "Approve", "approver")
            assert answer(stopped, "Approve", "approver") == HTTPStatus.OK
            state, stopped_state = lab.ended(run, DAG), lab.ended(stopped, DAG)
        finally:
            lab.fault(RETURNS.name, "clear")
        abort = lab.start("server_abort", servers=[RETURNS.name], reason="its BMC has to be mended first")
        abort_state = lab.ended(abort, "server_abort")
    order = json.loads(lab.record(run, f"order/{NAMES[0]}/1.json", DAG) or b'{"signed": ""}')["signed"]
    ip = str(devices[STAY[0].name].primary_ip4.address).partition("/")[0]
    production = called_in_production(STAY[0], ip, order)
    yield Story(
        lab=lab,
        dry_run=dry_run,
        dry_state=dry_state,
        dry_changes=dry_changes,
        run=run,
        state=state,
        asked=asked,
        answers=answers,
        untouched_by_asking=untouched,
        stopped=stopped,
        stopped_state=stopped_state,
        abort=abort,
        abort_state=abort_state,
        clients=clients.count(),
        before=before,
        addresses=addresses,
        production=production,
    )


def test_a_dry_run_shows_what_would_be_destroyed_and_changes_nothing(story: Story) -> None:
    assert (story.dry_state, story.dry_changes) == ("success", 0)
    log = story.lab.log(story.dry_run, "seal", dag=DAG)
    assert "DESTROYED (clear" in log
    assert all(disks.label(server, name).serial in log for server in LEAVE for name in disks.NAMES)
    assert story.lab.states(story.dry_run, DAG)["claim", ""] == "skipped"


def test_the_approval_shows_what_is_destroyed_and_what_stays(story: Story) -> None:
    question = f"Destroy 4 drives of 2 servers of rack {RACK.name}, site {SITE}?"
    assert story.asked["subject"].startswith(question)
    body = story.asked["body"]
    destroyed, stays = body.split("**Stays, untouched: 6.**")
    for server in LEAVE:
        assert all(text in destroyed for text in (server.name, server.serial, f"U{server.unit}"))
        assert all(disks.label(server, name).serial in destroyed for name in disks.NAMES)
    assert all(server.name in stays and server.name not in destroyed for server in STAY)
    assert "8 of 8 serve, 2 leave, 6 go on serving" in stays


def test_who_asked_cannot_approve_and_until_somebody_does_nothing_is_touched(story: Story) -> None:
    assert story.answers == {"operator": 403, "viewer": 403, "approver": 200}
    assert story.untouched_by_asking


def test_two_of_eight_leave_and_no_request_fails(story: Story) -> None:
    assert story.state == "success", story.lab.states(story.run, DAG)
    assert story.clients.failed == 0, story.clients
    assert story.clients.rate >= 100, story.clients


def test_a_server_whose_way_stops_before_its_wipe_is_put_back_into_service(story: Story) -> None:
    assert (story.stopped_state, story.abort_state) == ("failed", "success")
    states = story.lab.states(story.stopped, DAG)
    assert (states["drain", RETURNS.name], states["reset", RETURNS.name]) == ("success", "failed")
    assert "[bmc-silent]" in story.lab.log(story.stopped, "reset", RETURNS.name, DAG)
    assert "is active and in service again" in story.lab.log(story.abort, "undo", RETURNS.name, "server_abort")


def test_not_one_byte_of_the_pattern_is_left_on_their_disks(story: Story) -> None:
    for file in files(*LEAVE):
        content = file.read_bytes()
        assert len(content) == disks.SIZE
        assert not content.strip(b"\0"), f"{file} holds something yet"


def test_the_disks_of_the_other_six_are_as_they_were_byte_for_byte(story: Story) -> None:
    assert {str(file): digest(file) for file in files(*STAY)} == story.before
    assert all(PATTERN in file.read_bytes() for file in files(STAY[0]))


def test_the_certificates_verify_by_the_documented_command(story: Story) -> None:
    _, public = authority.erasure_key("certificate")
    folder = story.folder
    (run,) = sorted((folder / "certificates-of-run").glob("*.json"))
    drives = sorted((folder / "certificates").glob("*/*.json"))
    assert len(drives) == 4
    for file in (run, *drives):
        words = ("verify", file, "--key", public, "--seal", folder / "sealed_list.json")
        command = [str(Path(sys.executable).with_name("turnup-certificate")), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
    document = json.loads(run.read_text())["document"]
    assert (document["wiped"], document["to_be_shredded"]) == (4, 0)
    assert [(one["name"]) for one in document["people"]["approved_by"]] == ["approver"]


def test_they_are_in_stock_and_held_by_nobody_and_the_others_serve(story: Story) -> None:
    statuses = {name: device["status"]["value"] for name, device in story.after["devices"].items()}
    assert statuses == {server.name: "inventory" if server in LEAVE else "active" for server in RACK.servers}
    assert {device["custom_fields"]["turnup_claim"] for device in story.after["devices"].values()} == {None}
    serving = {one.name for one in story.lab.traffic.serving("edge")}
    assert {server.fqdn for server in STAY} <= serving
    assert not {server.fqdn for server in LEAVE} & serving
    assert {server.name: metal.of(server).is_on() for server in RACK.servers} == {one.name: one in STAY for one in RACK.servers}


def test_key_reservations_and_leases_are_gone_and_the_others_have_theirs(story: Story) -> None:
    keys = story.after["keys"]
    assert {name: keys[name] for name in keys} == {one.name: [] if one in LEAVE else ["minions"] for one in RACK.servers}
    macs = {mac for server in LEAVE for mac in (server.mac, server.bmc_mac)}
    assert not {mac.replace(":", "") for mac in macs} & story.after["reservations"]
    assert not macs & story.after["leases"]
    assert len(story.after["reservations"]) == 2 * len(STAY)
    assert not any(story.after["boot files"].values())


def test_their_addresses_are_deprecated_and_on_no_device(story: Story) -> None:
    for name in NAMES:
        device = story.after["devices"][name]
        assert (device["addresses"], device["primary_ip4"], device["primary_ip6"], device["oob_ip"]) == ([], None, None, None)
        assert len(story.addresses[name]) == 3
        for address in story.addresses[name]:
            (found,) = story.lab.netbox.ipam.ip_addresses.filter(address=address)
            assert (found.status.value, found.assigned_object) == ("deprecated", None)
            assert name in found.description


def test_their_journals_name_the_run_and_the_drives(story: Story) -> None:
    devices = story.lab.devices(RACK.name)
    for server in LEAVE:
        entries = list(story.lab.netbox.extras.journal_entries.filter(assigned_object_id=devices[server.name].id))
        last = max(entries, key=lambda entry: int(entry.id))
        assert (last.kind.value, story.run in last.comments) == ("success", True)
        assert all(disks.label(server, name).serial in last.comments for name in disks.NAMES)


def test_on_a_production_server_the_wiping_code_is_not_there_and_refuses_where_it_is_brought(story: Story) -> None:
    """Its disks are among the six that are unchanged."""
    assert story.production["turnup-wipe"].exit_status == story.production["turnup-prove"].exit_status == 127
    smuggled = story.production["smuggled"]
    assert smuggled.exit_status == 3
    refused = json.loads(smuggled.stdout)["refused"]
    assert any("not the acceptance image" in reason for reason in refused), refused


def test_the_grid_names_every_server_and_the_log_says_how_the_wipe_went(story: Story) -> None:
    states = story.lab.states(story.run, DAG)
    for row in ("drain", "reset", "identity", "wipe", "prove", "power_off", "salt_key", "dhcp", "addresses", "netbox"):
        assert {server: states[task, server] for task, server in states if task == row} == dict.fromkeys(NAMES, "success")
    log = story.lab.log(story.run, "wipe", NAMES[0], DAG)
    assert "the wipe has begun: order" in log
    assert "2 of 2 drives ended well" in log


def test_no_signing_key_is_in_a_log_or_in_the_run_folder(story: Story) -> None:
    secrets = [authority.erasure_key(purpose)[0].read_text().splitlines()[1] for purpose in ("order", "certificate")]
    for folder in (story.folder, *(paths.LOG / "airflow").glob(f"dag_id={DAG}*")):
        for path in folder.rglob("*"):
            if path.is_file():
                text = path.read_text(errors="replace")
                assert not [secret for secret in secrets if secret in text], path
