"""What every Bmc does: one suite over the fake and a real Redfish service over TLS that the test starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest

from lab import paths
from tests.certificates import self_signed
from tests.contract.processes import eventually, free_port, running
from turnup.adapters.redfish import RedfishBmc
from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.fakes.bmc import FakeBmc
from turnup.ports import Bmc

MAC = "02:1a:00:00:00:01"
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


@pytest.fixture(params=["fake", "redfish"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    with real(tmp_path) as built:
        yield built


def test_it_shows_its_certificate_to_everybody_and_the_rest_to_nobody_who_does_not_trust_it(world: World) -> None:
    assert world.bmc.certificate() == world.certificate
    for call in (world.bmc.system, world.bmc.boot_from_network_once, world.bmc.power_on, world.bmc.power_off):
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
