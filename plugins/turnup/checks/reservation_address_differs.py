"""DHCP gives a live server's port another address than NetBox says."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.intended import as_values, intended, is_misplaced
from turnup.domain.leases import Reservation


def look(facts: Facts) -> Iterator[Seen]:
    """Each port whose reservation in its subnet is of another address, or whose only ones are in other subnets."""
    of_mac: dict[str, list[Reservation]] = {}
    for one in facts.reservations:
        if not is_misplaced(facts, one):
            of_mac.setdefault(one.mac, []).append(one)
    for wish in intended(facts):
        wanted = wish.reservation
        there = of_mac.get(wanted.mac, [])
        if not there or any((one.subnet_id, one.ip) == (wanted.subnet_id, wanted.ip) for one in there):
            continue
        old = next((one for one in there if one.subnet_id == wanted.subnet_id), there[0])
        does = f"reserve {wanted.ip} instead of {old.ip} for {wanted.mac}"
        fix = Fix(does, "change_reservation", as_values(wanted, old), wish.device.server.id)
        yield seen(
            wish.device, f"{wish.port.name} ({wanted.mac}) has {wanted.ip} in NetBox, and {old.ip} is reserved for it.", fix
        )


CHECK = Check(
    area="DHCP",
    title="A reservation's address is not NetBox's",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.DHCP),
    look=look,
    why="At its next start the server takes an address that NetBox may give to somebody else, and nobody finds it at its own.",
    advice="see which address the machine has; then correct NetBox, or let the fix reserve NetBox's.",
    steps="1. Ask the machine or its BMC: which address has it now?\n"
    "2. If NetBox is right, name this check in the audit's *fix*, and restart the port's DHCP client when it suits.\n"
    "3. If the reservation is right, correct the address in NetBox.",
    fixes=True,
)
