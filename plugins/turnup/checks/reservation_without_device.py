"""DHCP has a reservation for a MAC that no device has."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.intended import as_values, intended, is_misplaced


def look(facts: Facts) -> Iterator[Seen]:
    """Each reservation of an unknown MAC; one that holds a live server's address is the check `reservation_mac_differs`'s."""
    wanted = {(one.reservation.subnet_id, one.reservation.ip) for one in intended(facts)}
    for one in facts.reservations:
        if one.mac in facts.macs or one.mac in facts.elsewhere or is_misplaced(facts, one) or (one.subnet_id, one.ip) in wanted:
            continue
        fix = Fix(f"remove the reservation of {one.ip} for {one.mac}", "remove_reservation", as_values(one))
        what = f"{one.ip} is reserved for it as {one.hostname or 'nobody'}; no device of the site has this MAC."
        yield Seen(one.mac, what, fix=fix)


CHECK = Check(
    area="DHCP",
    title="A reservation's MAC is no device's",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.DHCP, Source.OWNERS),
    look=look,
    why="Whoever brings that MAC gets an address and a boot file; and the address cannot be reserved for anybody else.",
    advice="remove it (the fix does), or enter the MAC in NetBox if the machine is meant to be there.",
    steps="1. Search NetBox for the MAC and for the host name: a board or NIC may have been replaced.\n"
    "2. If the machine is known, correct its interface's MAC in NetBox.\n"
    "3. Else remove the reservation: name this check in the audit's *fix*.",
    fixes=True,
)
