"""Faults of servers, one row a kind: what `./lab/fault` can break on one.

A fault is an empty file in the server's folder. Whatever it breaks looks there itself: the BMC each time it is asked, the
firmware and the metal at power-on, the image's init all the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.datacenter import Server
from lab.fault import AT_POWER_ON, Fault
from lab.metal import kind as metal
from lab.metal.folder import Folder

FAULTS = (
    Fault("bmc-serial", "the BMC reports another serial number than the server's label"),
    Fault("bmc-swapped", "this server's BMC and that of the next one in the rack report each other's serial number"),
    Fault("bmc-dead", "the BMC answers nothing and asks for no address"),
    Fault("bmc-password", "the BMC wants another password"),
    Fault("bmc-certificate", "the BMC shows a new certificate"),
    Fault("bmc-factory-password", "the BMC takes the login that it left the factory with, too"),
    Fault("bmc-health", "the BMC says that its server's health is critical"),
    Fault("dmi-serial", "the board carries another serial number: dmidecode on the server reports it", AT_POWER_ON),
    Fault("no-dhcp", "the NIC sends no DHCP request: the server does not boot", AT_POWER_ON),
    Fault("no-image", "the image's kernel gives 404: the server does not boot", AT_POWER_ON),
    Fault("minion-silent", "the Salt minion is not started", AT_POWER_ON),
    Fault("ssh-dead", "the SSH server is not started", AT_POWER_ON),
    Fault("nonce-lost", "the kernel's arguments lack turnup.nonce", AT_POWER_ON),
    Fault("key-mismatch", "another minion uses the server's id: the key at the master is not the one on the server", AT_POWER_ON),
    Fault("state-fails", "a file stands where a Salt state wants the folder /etc/turnup", AT_POWER_ON),
    Fault("minion-dies", "the Salt minion is killed while it applies states, and stays dead", AT_POWER_ON),
    Fault("slow-cpu", "the processor gets too hot under load: burn-in runs at a thirtieth of its speed", AT_POWER_ON),
    Fault("disk-read-only", "the first disk takes no writes", AT_POWER_ON),
    Fault("disk-failing", "the first disk is another one, which fails after a quarter of its size", AT_POWER_ON),
    Fault("slow-disk", "the disk does 40 operations a second", AT_POWER_ON),
)
OF_ERASURE = {"disk-read-only", "disk-failing", "bmc-factory-password", "bmc-health"}
"""What an install does not meet."""

KINDS = {fault.kind: fault for fault in FAULTS}


def active(server: Server, kind: str) -> bool:
    """Whether this fault is on."""
    return (Folder(server).faults / KINDS[kind].kind).exists()


def of(server: Server) -> list[str]:
    """The faults that are on, by kind."""
    return [kind for kind in KINDS if active(server, kind)]


def swapped_with(server: Server) -> Server | None:
    """The server whose BMC was swapped with this one's."""
    for first, second in ((server, _next(server)), (_previous(server), server)):
        if active(first, "bmc-swapped"):
            return second if first is server else first
    return None


def _next(server: Server) -> Server:
    servers = server.rack.servers
    return servers[server.unit % len(servers)]


def _previous(server: Server) -> Server:
    return server.rack.servers[server.unit - 2]


def put(server: Server, kind: str) -> None:
    """The fault is on."""
    folder = Folder(server)
    folder.make()
    (folder.faults / KINDS[kind].kind).touch()


def clear(server: Server) -> None:
    """No fault is on."""
    for kind in KINDS:
        (Folder(server).faults / kind).unlink(missing_ok=True)


@dataclass(frozen=True)
class ServerTarget:
    """A server, for `./lab/fault`."""

    server: Server
    faults: tuple[Fault, ...] = FAULTS

    @property
    def name(self) -> str:
        return self.server.name

    def active(self) -> list[str]:
        return of(self.server)

    def put(self, kind: str) -> None:
        put(self.server, kind)
        metal.of(self.server).heed_faults()

    def clear(self) -> None:
        clear(self.server)
        metal.of(self.server).heed_faults()
