"""The racks' power: all off, who is on."""

from __future__ import annotations

from lab.datacenter import SERVERS, Server
from lab.metal import kind


def all_off() -> None:
    """No server runs."""
    for server in SERVERS:
        kind.of(server).power_off()


def running() -> list[Server]:
    """Every server that is on."""
    return [server for server in SERVERS if kind.of(server).is_on()]
