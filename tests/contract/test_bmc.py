"""What every Bmc does: one suite over the fake and a real Redfish service over TLS that the test starts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import bcrypt
import pytest

from lab import paths
from lab.datacenter import SERVERS
from lab.metal.event_log import EventLog
from lab.metal.serial_console import SerialConsole
from tests.certificates import self_signed
from tests.contract.processes import eventually, free_port, running
from turnup.adapters.redfish import RedfishBmc
from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.fakes.bmc import FakeBmc
from turnup.ports import Bmc

MAC = "02:1a:00:00:00:01"
SERVER = SERVERS[0]
PASSWORD, OTHER_PASSWORD = "correct-horse", "battery-staple"


@dataclass(frozen=True)
class World:
    """One BMC with its login, with a wrong password, and the same address after its board was replaced."""

    bmc: Bmc
    certificate: str
    wrong_password: Bmc
    replaced: Callable[[], AbstractContextManager[None]]


def fake() -> World:
    bmc, wrong_password = FakeBmc("S1", macs=(MAC,)), FakeBmc("S1")
    wrong_password.password_ok = False

    @contextmanager
    def replaced() -> Iterator[None]:
        bmc.shown = "bb" * 32
        yield

    return World(bmc, bmc.shown, wrong_password, replaced)


def serve(folder: Path, name: str, port: int, systems: int = 1) -> tuple[AbstractContextManager[object], str]:
    """The Redfish service with a new self-signed certificate of that name, expired as factory certificates are."""
    emulator = paths.ENV / "lab" / "bin" / "sushy-emulator"
    assert emulator.exists(), f"The lab is not installed: there is no {emulator}. Start it with ./lab/up."
    certificate, key, fingerprint = self_signed(folder, name, expired=True)
    accounts = folder / "htpasswd"
    accounts.write_text(f"admin:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    nics = [{"mac": MAC.upper(), "ip": "198.19.0.1"}]
    fakes = [{"uuid": f"s{each}", "name": f"n{each}", "power_state": "Off", "nics": nics} for each in range(systems)]
    settings = {
        "SUSHY_EMULATOR_FAKE_DRIVER": True,
        "SUSHY_EMULATOR_FAKE_SYSTEMS": fakes,
        "SUSHY_EMULATOR_AUTH_FILE": str(accounts),
        "SUSHY_EMULATOR_LISTEN_IP": "127.0.0.1",
        "SUSHY_EMULATOR_LISTEN_PORT": port,
        "SUSHY_EMULATOR_SSL_CERT": str(certificate),
        "SUSHY_EMULATOR_SSL_KEY": str(key),
        "SUSHY_EMULATOR_STATE_DIR": str(folder),
    }
    configuration = folder / f"{name}.conf"
    configuration.write_text(
        "".join(f"{option} = {json.dumps(value)}\n" for option, value in settings.items()).replace("true", "True")
    )
    return running([str(emulator), "--config", str(configuration)], folder / "log", port), fingerprint


@contextmanager
def real(folder: Path) -> Iterator[World]:
    port = free_port()
    service, fingerprint = serve(folder, "first", port)
    with ExitStack() as now:
        now.enter_context(service)

        @contextmanager
        def replaced() -> Iterator[None]:
            now.close()
            with serve(folder, "second", port)[0]:
                yield

        yield World(
            RedfishBmc("127.0.0.1", port, "admin", PASSWORD, 10),
            fingerprint,
            RedfishBmc("127.0.0.1", port, "admin", OTHER_PASSWORD, 10),
            replaced,
        )


@dataclass(frozen=True)
class Logs:
    """A BMC that is trusted, and how things get into its two logs."""

    bmc: Bmc
    happens: Callable[[str, str], None]
    prints: Callable[[str], None]


def fake_logs() -> Logs:
    bmc = FakeBmc("S1")
    bmc.trust(bmc.shown)
    return Logs(
        bmc, lambda severity, text: bmc.event_log.append(f"2026-01-01T00:00:00+00:00 {severity} {text}"), bmc.console_log.append
    )


@contextmanager
def lab_logs(folder: Path) -> Iterator[Logs]:
    """The BMC of a server of the lab, on loopback, with files of its own; its server is never switched on."""
    port, log = free_port(), folder / "log"
    state = folder / "state"
    metal = state / "var/metal" / SERVER.name
    metal.mkdir(parents=True)
    program = (
        "from lab.bmc import service; from lab.datacenter import BY_NAME; from lab.metal.folder import Folder; "
        f"server = BY_NAME[{SERVER.name!r}]; Folder(server).make(); service.serve(server, '127.0.0.1', {port})"
    )
    variables = {"PYTHONPATH": str(paths.CHECKOUT), "TURNUP_LAB_STATE": str(state), "PATH": os.environ["PATH"]}
    with running(
        ["env", *(f"{name}={value}" for name, value in variables.items()), str(paths.python("lab")), "-c", program], log, port
    ):
        password = json.loads((state / "secrets.json").read_text())["redfish"]
        bmc = RedfishBmc("127.0.0.1", port, "admin", password, 10)
        bmc.trust(bmc.certificate())
        console = SerialConsole(metal / "console.log")
        yield Logs(bmc, lambda severity, text: EventLog(metal / "events.jsonl").add(text, severity), console.say)


@pytest.fixture(params=["fake", "lab"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    if request.param == "fake":
        yield fake_logs()
        return
    with lab_logs(tmp_path) as built:
        yield built


@pytest.fixture(params=["fake", "redfish"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    with real(tmp_path) as built:
        yield built


def test_it_shows_its_certificate_to_everybody_and_the_rest_to_nobody_who_does_not_trust_it(world: World) -> None:
    assert world.bmc.certificate() == world.certificate
    calls = (world.bmc.system, world.bmc.boot_from_network_once, world.bmc.power_on, world.bmc.power_off)
    for call in (*calls, world.bmc.events, world.bmc.console):
        with pytest.raises(Refused):
            call()


def test_who_trusts_its_certificate_learns_what_it_is(world: World) -> None:
    world.bmc.trust(world.certificate.upper())
    system = world.bmc.system()
    assert system.power == "Off"
    assert system.macs == (MAC,)


def test_another_certificate_than_the_trusted_one_is_a_hardware_fault_that_names_both(world: World) -> None:
    world.bmc.trust("cd" * 32)
    with pytest.raises(HardwareFault, match=f"{world.certificate}.*{'cd' * 32}"):
        world.bmc.system()


def test_a_board_that_was_replaced_in_between_is_noticed(world: World) -> None:
    world.bmc.trust(world.certificate)
    world.bmc.system()
    with world.replaced():
        for call in (world.bmc.system, world.bmc.power_on):
            with pytest.raises(HardwareFault, match=world.certificate):
                call()


def test_a_wrong_password_is_a_hardware_fault_that_does_not_name_it(world: World) -> None:
    world.wrong_password.trust(world.wrong_password.certificate())
    with pytest.raises(HardwareFault) as refusal:
        world.wrong_password.system()
    assert OTHER_PASSWORD not in str(refusal.value)


def test_it_is_switched_on_and_off_and_twice_equals_once(world: World) -> None:
    bmc = world.bmc
    bmc.trust(world.certificate)
    bmc.boot_from_network_once()
    bmc.boot_from_network_once()
    bmc.power_on()
    eventually(lambda: bmc.system().power == "On", "the server is on")
    bmc.power_on()
    bmc.power_off()
    eventually(lambda: bmc.system().power == "Off", "the server is off")
    bmc.power_off()
    assert bmc.system().power == "Off"


def test_a_bmc_without_logs_answers_with_none(world: World) -> None:
    world.bmc.trust(world.certificate)
    assert (world.bmc.events(), world.bmc.console()) == ((), ())


def test_events_come_oldest_first_with_time_and_severity(logs: Logs) -> None:
    logs.happens("OK", "Power on")
    logs.happens("Critical", "No bootable device")
    first, second = logs.bmc.events()
    assert first.endswith(" OK Power on")
    assert second.endswith(" Critical No bootable device")
    assert datetime.fromisoformat(first.split()[0]).tzinfo is not None


def test_of_long_logs_the_last_20_entries_are_read(logs: Logs) -> None:
    for number in range(64):
        logs.happens("OK", f"event {number}")
        logs.prints(f"line {chr(0x4E00 + number)}")
    events, lines = logs.bmc.events(), logs.bmc.console()
    assert [event.rpartition(" ")[2] for event in events] == [str(number) for number in range(44, 64)]
    assert [line.rpartition(" ")[2] for line in lines] == [chr(0x4E00 + number) for number in range(44, 64)]


def test_what_is_printed_again_and_again_hides_nothing(logs: Logs) -> None:
    logs.prints("sshd does not start")
    for port in range(50):
        logs.prints(f"no answer on port {port}")
    first, last = logs.bmc.console()
    assert first.endswith("sshd does not start")
    assert last.endswith("no answer on port 49")


def test_what_was_printed_comes_without_control_characters_and_not_endlessly_long(logs: Logs) -> None:
    logs.prints("\x1b[31mred\x1b[0m and\ta bell\x07, a right-to-left \u202eoverride" + 500 * "!")
    (line,) = logs.bmc.console()
    assert "red and a bell , a right-to-left override!!!" in line
    assert line.isprintable()
    assert len(line) <= 200


def test_where_nothing_listens_it_is_transient() -> None:
    bmc = RedfishBmc("127.0.0.1", free_port(), "admin", PASSWORD, 5)
    with pytest.raises(Transient):
        bmc.certificate()
    bmc.trust("cd" * 32)
    with pytest.raises(Transient):
        bmc.system()


def test_a_bmc_of_two_systems_is_a_hardware_fault(tmp_path: Path) -> None:
    port = free_port()
    service, fingerprint = serve(tmp_path, "two", port, systems=2)
    with service:
        bmc = RedfishBmc("127.0.0.1", port, "admin", PASSWORD, 10)
        bmc.trust(fingerprint)
        with pytest.raises(HardwareFault, match="2 systems"):
            bmc.system()
