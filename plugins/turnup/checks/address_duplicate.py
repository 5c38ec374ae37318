"""An address is in NetBox twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Assigned, Facts, Source
from turnup.domain.findings import Severity

SHARED = {"anycast", "vip", "vrrp", "hsrp", "glbp", "carp"}
"""Roles of addresses that several ports have on purpose."""


def look(facts: Facts) -> Iterator[Seen]:
    """Each address that two objects have, in no VRF."""
    found: dict[str, list[Assigned]] = defaultdict(list)
    for one in facts.estate.addresses:
        if not one.vrf and one.role not in SHARED:
            found[one.ip].append(one)
    for ip, same in found.items():
        if len(same) > 1:
            holders = ", ".join(sorted(f"{_holder(facts, one)} (address {one.id}, {one.status})" for one in same))
            yield Seen(ip, f"It is in NetBox {len(same)} times: {holders}.", _rack(facts, same))


def _holder(facts: Facts, one: Assigned) -> str:
    if one.port is not None and one.port in facts.ports:
        device, port = facts.ports[one.port]
        return f"{device.name} {port.name}"
    return "something that is no device" if one.elsewhere else "nobody"


def _rack(facts: Facts, same: list[Assigned]) -> str:
    return next((facts.ports[one.port][0].rack for one in same if one.port is not None and one.port in facts.ports), "")


CHECK = Check(
    area="Addresses",
    title="An address is there twice",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX,),
    look=look,
    why="Two machines that use one address take each other's traffic, and a run reaches the wrong one.",
    advice="find out which of the holders really uses it, and delete the other address in NetBox.",
    steps="1. Open both addresses in NetBox; the evidence has their ids.\n"
    "2. Ask the network which machine answers: `arping`, or the switch's table of MACs.\n"
    "3. Delete the other one. If its device needs an address, give it a new one and look at its DHCP reservation.",
)
