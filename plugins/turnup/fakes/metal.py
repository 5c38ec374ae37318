"""A whole server in memory: its BMC switches it on, it gets its lease and its image, SSH answers, its minion's key waits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from turnup.erasure.drives import LSBLK
from turnup.erasure.orders import Order
from turnup.fakes.acceptance import FakeAcceptance, FakeDrive
from turnup.fakes.bmc import FakeBmc
from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.dhcp import FakeDhcp
from turnup.fakes.salt import FakeSalt
from turnup.fakes.shell import FakeMachine
from turnup.ports import Completed, Lease

MINION_KEY = "/etc/salt/pki/minion/minion.pub"
ACCEPTANCE = "/acceptance/vmlinuz"


class FakeServer:
    """One server. Booted from the network it obeys its boot script; else it comes up from its disk, without any nonce.

    Tests may set `inner_serial` and `inner_macs` (what DMI and the kernel say, when that differs from the label), `boots`
    (False: on, but nothing comes up), `cabled` (False: its NIC reaches nobody), `image_there` (False: the boot web server has
    none), and everything of `bmc` and `machine`. Its `drives` are wiped by nobody but the programs of the acceptance image, which
    it has while it runs that: `acceptance`. `order_key` is the public key of the orders that its acceptance image obeys.
    """

    def __init__(
        self, serial: str, mac: str, minion_id: str, salt: FakeSalt, boot_files: FakeBootFiles, dhcp: FakeDhcp | None = None
    ) -> None:
        self.mac = mac
        self.minion_id = minion_id
        self.inner_serial = serial
        self.inner_macs: Sequence[str] = (mac,)
        self.boots = True
        self.cabled = True
        self.image_there = True
        self.drives = [FakeDrive(f"{serial}-{number}", slot=str(number)) for number in (1, 2)]
        self.order_key = ""
        self.acceptance: FakeAcceptance | None = None
        self.looks = 1
        self.at_once = 16
        self.on_wipe: Callable[[FakeDrive, Order], None] = lambda drive, order: None  # noqa: ARG005
        self.bmc = FakeBmc(serial, certificate=hashlib.sha256(serial.encode()).hexdigest(), macs=(mac,))
        self.machine = FakeMachine(host_key=f"SHA256:{serial}", up=False)
        self.bmc.on_power = self._power
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{minion_id} {serial}".encode()).digest()).public_key()
        self._salt = salt
        self._boot_files = boot_files
        self._dhcp = dhcp

    @property
    def minion_key(self) -> str:
        """SHA-256 of the DER form of its minion's key."""
        return hashlib.sha256(self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def _power(self, power: str, from_network: bool) -> None:
        self.acceptance = None
        self.machine.programs.clear()
        self.machine.up = power == "On" and self._comes_up(from_network)
        if not self.machine.up:
            self._salt.stop(self.minion_id)
            return
        links = json.dumps([{"address": "00:00:00:00:00:00"}, *({"address": mac} for mac in self.inner_macs)])
        script = self._boot_files.read(self.mac) if from_network else None
        self.machine.files |= {
            "/proc/cmdline": _kernel_arguments(script or ""),
            MINION_KEY: self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        }
        self.machine.outputs |= {
            ("dmidecode", "-s", "system-serial-number"): lambda: Completed(0, f"{self.inner_serial}\n", ""),
            ("ip", "-json", "link", "show"): Completed(0, links, ""),
            LSBLK: self._lsblk,
        }
        if script and ACCEPTANCE in script:
            self._accept(_kernel_arguments(script))
        self._salt.offer(self.minion_id, self.minion_key)

    def _lsblk(self) -> Completed:
        """What it prints of the drives that are in the machine at that moment."""
        listed = [drive.lsblk(number) for number, drive in enumerate(self.drives)]
        return Completed(0, json.dumps({"blockdevices": listed}), "")

    def _accept(self, arguments: str) -> None:
        """It runs the image that can wipe."""
        self.acceptance = FakeAcceptance(
            self.drives, self.order_key, arguments, self.inner_serial, self.minion_id, self.on_wipe, self.looks, self.at_once
        )
        self.machine.programs |= dict.fromkeys(("turnup-wipe", "turnup-prove"), self.acceptance.run)

    def _comes_up(self, from_network: bool) -> bool:
        """Whether it boots; its console says how far it got."""
        lines = self.bmc.console_log
        lines.append("power on")
        if not self.cabled:
            lines.append("no DHCP offers were received")
            return False
        dhcp = self._dhcp or FakeDhcp({})
        for one in dhcp.reservations([self.mac]):
            dhcp.given[one.subnet_id, self.mac] = Lease(self.mac, one.ip, datetime.now(UTC))
        script = (self._boot_files.read(self.mac) or "") if from_network else ""
        for line in script.splitlines():
            if line.startswith(("kernel ", "initrd ")):
                lines.append(f"{line.split()[1]}: {'200 OK' if self.image_there else '404 Not Found'}")
        if self.boots and self.image_there:
            lines.append("up")
        return self.boots and self.image_there


def _kernel_arguments(script: str) -> str:
    """What follows the image in the script's `kernel` line."""
    lines = [line.split() for line in script.splitlines()]
    return next((" ".join(words[2:]) for words in lines if words[:1] == ["kernel"]), "") + "\n"
