"""DHCP gave an address to a MAC that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each lease of a MAC that no device has and nothing is reserved for."""
    reserved = {one.mac for one in facts.reservations}
    for one in facts.leases:
        if one.mac not in facts.macs and one.mac not in facts.elsewhere and one.mac not in reserved:
            yield Seen(one.mac, f"It has a lease for {one.ip}, and was last heard at {one.seen:%Y-%m-%d %H:%M} UTC.")


CHECK = Check(
    area="DHCP",
    title="An unknown machine got an address",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.DHCP, Source.LEASES, Source.OWNERS),
    look=look,
    why="Something is plugged into a network of servers or BMCs that is in no inventory.",
    advice="find the MAC's port in the switches' tables; enter the machine in NetBox, or unplug it.",
    steps="1. The first three bytes of the MAC name the maker; the switches' tables name the port.\n"
    "2. If it is a server, or a replaced board, enter its MAC in NetBox. If not, unplug it.\n"
    "3. The lease goes away by itself; so does the finding.",
)
