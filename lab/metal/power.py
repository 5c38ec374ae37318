"""The racks' power: all off, who is on, on again after the lab was down."""

from __future__ import annotations

from lab import console
from lab.datacenter import SERVERS, Server
from lab.metal import kind


def all_off() -> None:
    """No server runs."""
    for server in SERVERS:
        kind.of(server).power_off()


def running() -> list[Server]:
    """Every server that is on."""
    return [server for server in SERVERS if kind.of(server).is_on()]


def resume() -> None:
    """Every server that was on when the rack lost its power starts, and boots as usual."""
    if resumed := [server.name for server in SERVERS if kind.of(server).resume()]:
        console.say("metal", f"switched on again: {', '.join(resumed)}")
