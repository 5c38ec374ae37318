"""The racks with all their servers and BMCs: mounted and cabled, taken out again, or as on the day of delivery."""

from __future__ import annotations

import subprocess

from lab import paths
from lab.datacenter import BMC, OUT_OF_BAND, SERVERS, Server
from lab.errors import LabError
from lab.metal import kind, power
from lab.metal.folder import Folder
from lab.metal.namespace import disks
from lab.metal.namespace.wire import Wire, names


def bmc_wire(server: Server) -> Wire:
    """The BMC's own network: it is powered whenever the rack is, and stands apart from the server."""
    return Wire(server.bmc_namespace, BMC, server.bmc_mac, OUT_OF_BAND.bridge, f"{server.namespace}-b")


def build() -> None:
    """Every server and BMC is in place; those that were there already stay as they are, running or not."""
    disks.detach_strays(living=paths.METAL)
    for server in SERVERS:
        kind.of(server).build()
        bmc_wire(server).plug()


def remove() -> None:
    """No server and no BMC is left on this machine; their files stay."""
    problems = []
    for server in SERVERS:
        for remove_it in (kind.of(server).remove, bmc_wire(server).unplug):
            try:
                remove_it()
            except (OSError, subprocess.SubprocessError) as error:  # one that is stuck keeps no other in the rack
                problems.append(f"{server.name}: {error}")
    try:
        disks.detach_strays()
    except OSError as error:
        problems.append(str(error))
    if problems:
        raise LabError("\n".join(problems))


def forget() -> None:
    """Every server is off and as delivered: blank disks, no memory of a boot, no fault. BMCs keep their certificates."""
    power.all_off()
    for server in SERVERS:
        folder = Folder(server)
        folder.forget()
        for name in disks.NAMES:
            if folder.disk(name).exists():
                disks.blank(folder.disk(name))


def present() -> bool:
    """Whether every server's and every BMC's namespace is there."""
    return {name for server in SERVERS for name in (server.namespace, server.bmc_namespace)} <= names()
