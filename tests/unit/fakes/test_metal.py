"""The server in memory does what a real one does when it is switched on."""

from __future__ import annotations

import json

from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.metal import MINION_KEY, FakeServer
from turnup.fakes.salt import FakeSalt
from turnup.fakes.shell import FakeShells
from turnup.flow.steps.salt_key import der_sha256

MAC, MINION = "02:19:00:00:00:01", "n1.example"
SCRIPT = "#!ipxe\nkernel http://x/vmlinuz console=ttyS0 turnup.nonce=abc\ninitrd http://x/initrd.img\nboot\n"


def server() -> tuple[FakeServer, FakeSalt, FakeShells]:
    salt, boot_files = FakeSalt(), FakeBootFiles()
    boot_files.write(MAC, SCRIPT)
    server = FakeServer("S1", MAC, MINION, salt, boot_files)
    server.bmc.trust(server.bmc.certificate())
    return server, salt, FakeShells({"198.19.0.1": server.machine})


def test_booted_from_the_network_it_obeys_its_script_and_offers_its_key() -> None:
    metal, salt, shells = server()
    shell = shells("198.19.0.1")
    assert not shell.answers()
    metal.bmc.boot_from_network_once()
    metal.bmc.power_on()
    assert "turnup.nonce=abc" in shell.run(["cat", "/proc/cmdline"], 1).stdout.split()
    assert shell.run(["dmidecode", "-s", "system-serial-number"], 1).stdout == "S1\n"
    assert MAC in {link["address"] for link in json.loads(shell.run(["ip", "-json", "link", "show"], 1).stdout)}
    assert der_sha256(shell.run(["cat", MINION_KEY], 1).stdout) == salt.waiting_key(MINION) == metal.minion_key


def test_booted_from_its_disk_it_knows_no_nonce() -> None:
    metal, _, shells = server()
    metal.bmc.power_on()
    assert shells("198.19.0.1").run(["cat", "/proc/cmdline"], 1).stdout == "\n"


def test_off_nothing_answers_and_its_accepted_minion_comes_back_with_the_power() -> None:
    metal, salt, shells = server()
    metal.bmc.power_on()
    salt.accept_key(MINION)
    assert salt.is_up(MINION)
    metal.bmc.power_off()
    assert not salt.is_up(MINION)
    assert not shells("198.19.0.1").answers()
    metal.bmc.power_on()
    assert salt.is_up(MINION)
