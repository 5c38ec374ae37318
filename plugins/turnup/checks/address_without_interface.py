"""An address names a server and is on none of its interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each active address that is on no interface though its DNS name is a server's, or whose interface is gone."""
    for one in facts.estate.addresses:
        if one.status != "active" or one.elsewhere or one.port in facts.ports:
            continue
        device = facts.minions.get(one.dns_name.lower())
        if one.port is not None:
            yield Seen(one.ip, f"It is on the interface {one.port}, which no device of this site has.")
        elif device is not None:
            yield Seen(one.ip, f"Its DNS name {one.dns_name} is {device.name}'s, and it is on no interface.", device.rack)


CHECK = Check(
    area="Addresses",
    title="An address is on a missing interface",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="Nobody is told of it and nobody else can be given it: it is lost, and DNS may lead there.",
    advice="assign it to the server's interface in NetBox, or delete it.",
    steps="1. See in the address's changelog which interface it was on.\n"
    "2. If the server has another address by now, delete this one; else assign it, and make it the primary one.",
)
