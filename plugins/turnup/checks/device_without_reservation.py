"""DHCP does not know a live server's port."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.intended import as_values, intended


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server with a port that has an address in a subnet that DHCP serves, and no reservation at all."""
    macs = {one.mac for one in facts.reservations}
    taken = {(one.subnet_id, one.ip) for one in facts.reservations}
    for one in intended(facts):
        wanted = one.reservation
        if wanted.mac in macs or (wanted.subnet_id, wanted.ip) in taken:
            continue
        does = f"reserve {wanted.ip} for {wanted.mac} ({wanted.hostname})"
        fix = Fix(does, "make_reservation", as_values(wanted), one.device.server.id)
        yield seen(one.device, f"{one.port.name} ({wanted.mac}) has {wanted.ip} in NetBox and no reservation.", fix)


CHECK = Check(
    area="DHCP",
    title="A live server has no reservation",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.DHCP),
    look=look,
    why="At its next start it gets no address: a server does not come back, or its BMC is gone.",
    advice="make the reservation: name this check in the audit's *fix*.",
    steps="1. See in the DHCP server's log, or in the journal of the device, what became of it.\n"
    "2. Name this check in the audit's *fix*: it reserves what NetBox says.",
    fixes=True,
)
