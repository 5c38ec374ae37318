"""The lab's bridges on this machine: one for its services, one a network of the data center, with addresses of each family.

Kea opens no socket on a bridge without carrier, and a bridge has none while no port of it is up. So each bridge gets one
port that is always up: a veth pair whose two ends stay here.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path

from lab.datacenter import NETWORKS, SERVICES_ADDRESS, SERVICES_BRIDGE
from lab.errors import LabError


def _addresses() -> dict[str, tuple[str, ...]]:
    return {SERVICES_BRIDGE: (f"{SERVICES_ADDRESS}/32",)} | {network.bridge: network.gateways for network in NETWORKS}


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}. The lab needs root, network bridges and IPv6.")


def _links() -> set[str]:
    done = subprocess.run(["ip", "-j", "link", "show"], capture_output=True, text=True, check=True)
    return {link["ifname"] for link in json.loads(done.stdout)}


def _ports(bridge: str) -> tuple[str, str]:
    return f"{bridge}-up", f"{bridge}-up0"


def build() -> None:
    """Every bridge is there, with its address and carrier."""
    links = _links()
    for bridge, addresses in _addresses().items():
        inner, outer = _ports(bridge)
        if bridge not in links:
            _ip("link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0")
        if inner not in links:
            _ip("link", "add", inner, "type", "veth", "peer", "name", outer)
        _ip("link", "set", inner, "master", bridge, "up")
        _ip("link", "set", outer, "up")
        _ip("link", "set", bridge, "up")
        with suppress(OSError):  # where containers have IPv6 switched off; a kernel without it is told of below
            Path("/proc/sys/net/ipv6/conf", bridge, "disable_ipv6").write_text("0")
        for address in addresses:
            _ip("address", "replace", address, "dev", bridge, *(["nodad"] if ":" in address else []))


def remove() -> list[str]:
    """No bridge of the lab is left; returns the names of those that were there."""
    links = _links()
    removed = [bridge for bridge in _addresses() if bridge in links]
    for bridge in _addresses():
        for link in (_ports(bridge)[0], bridge):
            if link in links:
                _ip("link", "delete", link)
    return removed


def present() -> bool:
    """Whether every bridge is there."""
    return set(_addresses()) <= _links()
