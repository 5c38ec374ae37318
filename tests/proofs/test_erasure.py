"""One server's disks are erased for real, from inside of the acceptance image; its neighbour's stay as they are, byte for byte.

No flow is in this: the test writes the boot scripts and the orders, and switches the servers by their BMCs, as a flow would.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import authority, paths
from lab.datacenter import BOOT_PORT, OUT_OF_BAND, RACKS, REDFISH_PORT, SERVICES_ADDRESS, SITE, Server
from lab.metal import images
from lab.metal.folder import Folder
from lab.metal.namespace import disks
from tests.lab.conftest import Lab
from tests.unit.erasure.worlds import private_key
from turnup.adapters.boot_files import BootFolder
from turnup.adapters.dhcp.kea_hosts_database import KeaHostsDatabase
from turnup.adapters.redfish import RedfishBmc
from turnup.adapters.ssh import SshShell
from turnup.domain.errors import TurnupError
from turnup.erasure import certificates, command, outcomes, payload, signing
from turnup.erasure.capabilities import from_document
from turnup.erasure.certificates import Circumstances, People, Person
from turnup.erasure.choice import Choice, choose
from turnup.erasure.drives import LSBLK, Drive, Transport, read
from turnup.erasure.levels import Level
from turnup.erasure.ordering import order
from turnup.erasure.orders import KIND, Order
from turnup.erasure.outcomes import Outcome, Result
from turnup.erasure.sealed_list import ListedDrive, ListedServer, SealedList
from turnup.ports import Completed, Reservation

KEA = {"control_url": "control_url", "username": "control_username", "password": "control_password", "database": "database"}
WIPED, NEIGHBOUR, PRODUCTIVE, *_ = RACKS[0].servers
PATTERN = b"PATTERN-OF-A-CUSTOMER-%08d\n"
BOOT_URL = f"http://{SERVICES_ADDRESS}:{BOOT_PORT}"


def address(server: Server, *, bmc: bool = False) -> str:
    """Free in a lab that was just reset."""
    return str((OUT_OF_BAND.prefix if bmc else server.rack.network.prefix)[200 + server.unit])


def reservations(server: Server) -> tuple[Reservation, Reservation]:
    script = f"{BOOT_URL}/boot/{server.mac}.ipxe"
    nic = Reservation(server.rack.network.kea_subnet_id, server.mac, address(server), server.name, script)
    return nic, Reservation(OUT_OF_BAND.kea_subnet_id, server.bmc_mac, address(server, bmc=True), f"{server.name}-bmc")


def files(server: Server) -> list[Path]:
    return [Folder(server).disk(name) for name in disks.NAMES]


def fill(server: Server) -> None:
    for file in files(server):
        content = b"".join(PATTERN % number for number in range(disks.SIZE // len(PATTERN % 0) + 1))
        with file.open("r+b") as disk:
            disk.write(content[: disks.SIZE])


def left(server: Server) -> list[int]:
    """How often the pattern is on each of the server's disks."""
    return [file.read_bytes().count(PATTERN[:21]) for file in files(server)]


def hashes(server: Server) -> list[str]:
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files(server)]


@dataclass
class Machine:
    """One server, its power and its shell."""

    lab: Lab
    server: Server
    nonce: str = ""
    shell: SshShell | None = None
    bmc: RedfishBmc = field(init=False)

    def __post_init__(self) -> None:
        login = self.lab.endpoints["redfish"]
        where = address(self.server, bmc=True)
        self.bmc = RedfishBmc(where, REDFISH_PORT, login["username"], login["password"])

    def boot(self, image: str) -> None:
        """It runs the image, started with a nonce of its own."""
        self.lab.until(lambda: works(self.bmc.certificate), f"the BMC of {self.server.name}")
        self.bmc.trust(self.bmc.certificate())
        self.bmc.power_off()
        self.lab.until(lambda: self.bmc.system().power == "Off", f"{self.server.name} to be off")
        self.nonce = secrets.token_hex(16)
        arguments = f"console=ttyS0 turnup.nonce={self.nonce} turnup.hostname={self.server.fqdn}"
        where = f"{BOOT_URL}/images/{image}"
        script = f"#!ipxe\nkernel {where}/vmlinuz {arguments}\ninitrd {where}/initrd.img\nboot\n"
        BootFolder(paths.BOOT).write(self.server.mac, script)
        self.bmc.boot_from_network_once()
        self.bmc.power_on()
        self.shell = shell = SshShell(address(self.server), "root", authority.ssh_key(), None, 20)
        self.lab.until(shell.answers, f"SSH of {self.server.name}")
        BootFolder(paths.BOOT).remove(self.server.mac)

    def run(self, *words: str) -> Completed:
        assert self.shell is not None
        return self.shell.run(words, 60)

    def json(self, *words: str) -> Any:
        done = self.run(*words)
        assert done.exit_status == 0, done
        return json.loads(done.stdout)

    def carried_out(self, wanted: Order) -> tuple[Any, Any]:
        """The order was carried out and read back: the agent's states and the prover's."""
        text = signed(wanted)
        assert self.json("turnup-wipe", "start", text)["started"]
        assert self.shell is not None
        self.shell.close()  # as a lost connection
        self.lab.until(lambda: self.json("turnup-wipe", "status")["orders"][0]["ended"], "the wipe")
        if all(drive["state"] == "ended" for drive in self.json("turnup-wipe", "status")["orders"][0]["drives"]):
            assert self.json("turnup-wipe", "start", text)["started"] is False
        self.json("turnup-prove", "start", text)
        self.lab.until(lambda: not self.json("turnup-prove", "status")["working"], "the proof")
        states, proofs = self.json("turnup-wipe", "status")["orders"][0], self.json("turnup-prove", "status")["orders"][0]
        assert states["order"] == proofs["order"] == wanted.sha256
        return states["drives"], proofs["after"]


def works(call: Callable[[], object]) -> bool:
    try:
        call()
    except TurnupError:
        return False
    return True


def signed(wanted: Order, key: str = "") -> str:
    private, _ = authority.erasure_key("order")
    return signing.sign(KIND, wanted.document(), key or private.read_text()).decode()


def sealed(drives: list[Drive], server: Server) -> SealedList:
    listed = tuple(ListedDrive(drive.serial, drive.size, drive.model) for drive in drives)
    one = ListedServer(server.name, server.serial, server.asset_tag, server.rack.name, f"U{server.unit}", listed)
    return SealedList("server_decommission/test", SITE, (one,))


def ordered(machine: Machine, seal: SealedList, choices: list[Choice]) -> Order:
    now = datetime.now(UTC)
    server, until = machine.server, now + timedelta(minutes=30)
    return order(
        seal,
        server.serial,
        choices,
        hostname=server.fqdn,
        nonce=machine.nonce,
        issued=now.isoformat(),
        expires=until.isoformat(),
    )


@dataclass
class Story:
    """What was seen, in the order in which it happened."""

    inventory: Any
    choices: list[Choice]
    refusals: dict[str, Completed]
    untouched: bool
    wanted: Order
    states: Any
    proofs: Any
    left: list[int]
    zeros: bool
    seal: SealedList
    again: tuple[Outcome, ...]
    old_order: Completed
    forgotten: Any
    neighbour_unchanged: bool
    in_production: dict[str, Completed]
    sealed_in_production: list[Drive]
    production_unchanged: bool


def chosen(inventory: Any) -> list[Choice]:
    """By the drives' own capabilities; the first disk is overwritten, so that both ways are tried."""
    found: list[Choice] = []
    for one in inventory["drives"]:
        known = {name: one[name] for name in ("device", "serial", "size", "model", "rotational", "slot")}
        drive = Drive(**known, transport=Transport(one["transport"]))
        capabilities = from_document(one["capabilities"])
        choice = choose(drive, capabilities if found else replace(capabilities, write_zeroes_max=0), Level.CLEAR)
        assert isinstance(choice, Choice)
        found.append(choice)
    return found


def wrong(wanted: Order, other_key: str) -> dict[str, str]:
    """The order with one thing wrong, each in turn."""
    first, second = wanted.drives
    past = datetime.now(UTC) - timedelta(days=2)
    expired = replace(wanted, issued=past.isoformat(), expires=(past + timedelta(days=1)).isoformat())
    changed = json.loads(signed(wanted))
    changed["document"]["drives"].pop()
    return {
        "nonce": signed(replace(wanted, nonce="0" * 32)),
        "serial": signed(replace(wanted, serial=NEIGHBOUR.serial)),
        "host": signed(replace(wanted, hostname=NEIGHBOUR.fqdn)),
        "signature": signed(wanted, other_key),
        "changed": json.dumps(changed),
        "expired": signed(expired),
        "extra": signed(replace(wanted, drives=(first, second, replace(first, serial="LM101002D1")))),
        "missing": signed(replace(wanted, drives=(first,))),
        "resized": signed(replace(wanted, drives=(first, replace(second, size=second.size * 2)))),
        "empty": signed(replace(wanted, drives=())),
        "no order": "{}",
    }


def in_production(machine: Machine) -> tuple[dict[str, Completed], list[Drive]]:
    """What happens to whoever calls the agent on a server that serves."""
    drives = [seen.drive for seen in read(machine.run(*LSBLK).stdout)]
    choices = [Choice(drive, "overwrite", Level.CLEAR, "") for drive in drives]
    text = signed(ordered(machine, sealed(drives, machine.server), choices))
    _, public = authority.erasure_key("order")
    program = base64.b64encode(payload.files(public.read_bytes())[payload.WIPE][0]).decode()
    found = {name: machine.run(name, "start", text) for name in ("turnup-wipe", "turnup-prove")}
    found["blkdiscard"] = machine.run("blkdiscard", "--version")
    found["files"] = machine.run("ls", *(f"/{path}" for path in payload.PATHS))
    smuggled = machine.run("sh", "-c", 'echo "$0" | base64 -d >/tmp/wipe && chmod +x /tmp/wipe', program)
    assert smuggled.exit_status == 0, smuggled
    found["smuggled"] = machine.run("/tmp/wipe", "start", text)
    return found, drives


@pytest.fixture(scope="module")
def story(lab: Lab) -> Iterator[Story]:
    dhcp = KeaHostsDatabase(**{name: lab.endpoints["dhcp"][SITE][key] for name, key in KEA.items()})
    reserved = [one for server in (WIPED, PRODUCTIVE) for one in reservations(server)]
    dhcp.reserve(reserved)
    machine, productive = Machine(lab, WIPED), Machine(lab, PRODUCTIVE)
    try:
        for server in (WIPED, NEIGHBOUR, PRODUCTIVE):
            fill(server)
        neighbour = hashes(NEIGHBOUR)
        productive.boot(images.PRODUCTION)
        before = hashes(PRODUCTIVE)
        called, drives = in_production(productive)
        machine.boot(images.ACCEPTANCE)
        inventory = machine.json("turnup-wipe", "inventory")
        choices = chosen(inventory)
        seal = sealed([choice.drive for choice in choices], WIPED)
        wanted = ordered(machine, seal, choices)
        full = hashes(WIPED)
        refusals = {name: machine.run("turnup-wipe", "start", text) for name, text in wrong(wanted, private_key()).items()}
        untouched = hashes(WIPED) == full
        states, proofs = machine.carried_out(wanted)
        remains, zeros = left(WIPED), all(not any(file.read_bytes()) for file in files(WIPED))
        fill(WIPED)
        lab.fault(WIPED.name, "disk-read-only")
        machine.boot(images.ACCEPTANCE)
        forgotten = machine.json("turnup-wipe", "status")
        old = machine.run("turnup-wipe", "start", signed(wanted))
        second = ordered(machine, seal, choices)
        again = outcomes.outcomes(second, *machine.carried_out(second))
        yield Story(
            inventory=inventory,
            choices=choices,
            refusals=refusals,
            untouched=untouched,
            wanted=wanted,
            states=states,
            proofs=proofs,
            left=remains,
            zeros=zeros,
            seal=seal,
            again=again,
            old_order=old,
            forgotten=forgotten,
            neighbour_unchanged=hashes(NEIGHBOUR) == neighbour,
            in_production=called,
            sealed_in_production=drives,
            production_unchanged=hashes(PRODUCTIVE) == before,
        )
    finally:
        lab.fault(WIPED.name, "clear")
        for one in (machine, productive):
            BootFolder(paths.BOOT).remove(one.server.mac)
            works(one.bmc.power_off)
        dhcp.release(reserved)


def test_from_inside_the_server_has_its_own_disks_and_no_others(story: Story) -> None:
    label = [disks.label(WIPED, name) for name in disks.NAMES]
    assert [(one["device"], one["serial"], one["model"], one["slot"]) for one in story.inventory["drives"]] == [
        (name, each.serial, each.model, each.slot) for name, each in zip(disks.NAMES, label, strict=True)
    ]
    assert {one["size"] for one in story.inventory["drives"]} == {disks.SIZE}
    assert {one["transport"] for one in story.inventory["drives"]} == {"loop"}
    assert story.inventory["server"]["acceptance_image"] is True
    assert [choice.method for choice in story.choices] == ["overwrite", "blkdiscard_zeroes"]


def test_a_running_server_tells_the_same_of_its_drives_before_anything_is_sealed(story: Story) -> None:
    found = [(drive.serial, drive.size, drive.model) for drive in story.sealed_in_production]
    assert found == [(disks.label(PRODUCTIVE, name).serial, disks.SIZE, "LABMETAL D256") for name in disks.NAMES]


SAID = {
    "nonce": "another boot",
    "serial": "serial number",
    "host": "for the host",
    "signature": "not by the key",
    "changed": "not by the key",
    "expired": "expired",
    "extra": "LM101002D1 of the order is not in this server",
    "missing": "is in this server and not in the order",
    "resized": "the order says",
    "empty": "an empty list means stop",
    "no order": "no order that can be read",
}


@pytest.mark.parametrize("name", SAID)
def test_an_order_with_one_thing_wrong_is_refused(story: Story, name: str) -> None:
    done = story.refusals[name]
    assert done.exit_status == 3
    assert any(SAID[name] in reason for reason in json.loads(done.stdout)["refused"])


def test_what_was_refused_touched_nothing(story: Story) -> None:
    assert set(story.refusals) == set(SAID)
    assert story.untouched


def test_no_byte_of_the_pattern_is_left_and_the_neighbours_disks_are_as_they_were(story: Story) -> None:
    assert story.left == [0, 0]
    assert story.zeros
    assert story.neighbour_unchanged
    assert min(left(NEIGHBOUR)) > 0


def test_both_disks_are_wiped_and_proven_and_their_certificates_are_good(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = outcomes.outcomes(story.wanted, story.states, story.proofs)
    assert [(one.result, one.method, one.level, one.slot) for one in found] == [
        (Result.WIPED, "overwrite", "clear", "1"),
        (Result.WIPED, "blkdiscard_zeroes", "clear", "2"),
    ]
    now = datetime.now(UTC).isoformat()
    about = Circumstances(story.seal, People(Person("ada", now), (Person("grace", now),)), now, "Lab 1, rack R1")
    ones = [certificates.of_drive(story.wanted, *each, about) for each in zip(found, story.states, story.proofs, strict=True)]
    private, public = authority.erasure_key("certificate")
    file, seal = tmp_path / "run.json", tmp_path / "seal.json"
    file.write_bytes(signing.sign(certificates.RUN, certificates.of_run(about, ones, {}), private.read_text()))
    seal.write_text(json.dumps(story.seal.document()))
    assert command.main(["verify", str(file), "--key", str(public), "--seal", str(seal)]) == 0
    assert "GOOD  2 drives wiped, 0 to be pulled and shredded" in capsys.readouterr().out


def test_after_a_restart_nothing_is_known_and_the_order_of_before_is_refused(story: Story) -> None:
    assert story.forgotten["orders"] == []
    assert story.old_order.exit_status == 3
    assert "another boot" in story.old_order.stdout


def test_a_disk_that_takes_no_writes_has_its_own_outcome_and_is_to_be_shredded(story: Story) -> None:
    first, second = story.again
    assert (first.result, second.result) == (Result.READ_ONLY, Result.WIPED)
    assert left(WIPED)[0] > 0
    (entry,) = outcomes.shred(story.wanted, "R1", "U1", story.again)
    assert (entry.slot, entry.serial) == ("1", disks.label(WIPED, "vda").serial)


def test_on_a_production_server_there_is_nothing_to_call(story: Story) -> None:
    for name in ("turnup-wipe", "turnup-prove", "blkdiscard"):
        assert story.in_production[name].exit_status == 127
    assert story.in_production["files"].stdout == ""


def test_brought_there_by_somebody_the_agent_refuses_a_good_order_and_touches_nothing(story: Story) -> None:
    done = story.in_production["smuggled"]
    assert done.exit_status == 3
    refused = json.loads(done.stdout)["refused"]
    assert any("not the acceptance image" in reason for reason in refused)
    assert any("signature" in reason for reason in refused)
    assert story.production_unchanged
