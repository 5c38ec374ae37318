"""A whole server in memory: its BMC switches it on, it gets its lease and its image, SSH answers, its minion's key waits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from turnup.fakes.bmc import FakeBmc
from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.dhcp import FakeDhcp
from turnup.fakes.salt import FakeSalt
from turnup.fakes.shell import FakeMachine
from turnup.ports import Completed, Lease

MINION_KEY = "/etc/salt/pki/minion/minion.pub"


class FakeServer:
    """One server. Booted from the network it obeys its boot script; else it comes up from its disk, without any nonce.

    Tests may set `inner_serial` and `inner_macs` (what DMI and the kernel say, when that differs from the label), `boots`
    (False: on, but nothing comes up), `cabled` (False: its NIC reaches nobody), `image_there` (False: the boot web server has
    none), and everything of `bmc` and `machine`.
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
            ("dmidecode", "-s", "system-serial-number"): Completed(0, f"{self.inner_serial}\n", ""),
            ("ip", "-json", "link", "show"): Completed(0, links, ""),
        }
        self._salt.offer(self.minion_id, self.minion_key)

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
