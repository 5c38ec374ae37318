"""DHCP gives a live server's address to another MAC than NetBox says."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.intended import as_values, intended


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server's address that is reserved for another MAC."""
    holder = {(one.subnet_id, one.ip): one for one in facts.reservations}
    for wish in intended(facts):
        wanted = wish.reservation
        there = holder.get((wanted.subnet_id, wanted.ip))
        if there is None or there.mac == wanted.mac:
            continue
        known = facts.macs.get(there.mac)
        whose = f"{known[0].name} {known[1].name}" if known else "another site" if there.mac in facts.elsewhere else "no device"
        does = f"reserve {wanted.ip} for {wanted.mac} instead of {there.mac}"
        fix = Fix(does, "change_reservation", as_values(wanted, there), wish.device.server.id)
        what = f"{wanted.ip} is {wish.port.name}'s ({wanted.mac}) in NetBox, and is reserved for {there.mac}, which is {whose}'s."
        yield seen(wish.device, what, fix if known is None and there.mac not in facts.elsewhere else None)


CHECK = Check(
    area="DHCP",
    title="A reservation's MAC is not NetBox's",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.DHCP, Source.OWNERS),
    look=look,
    why="At its next start the server gets no address, and another machine may get its own.",
    advice="compare the MAC with the label; then correct NetBox, or let the fix reserve the address for NetBox's MAC.",
    steps="1. Read the MAC from the label or from the BMC: was the board or the NIC replaced?\n"
    "2. If NetBox is right, name this check in the audit's *fix*.\n"
    "3. If the reservation is right, correct the interface's MAC in NetBox.",
    fixes=True,
)
