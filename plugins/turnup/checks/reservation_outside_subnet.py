"""DHCP has a reservation of an address outside its subnet."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.intended import is_misplaced


def look(facts: Facts) -> Iterator[Seen]:
    """Each such row; written by hand, since turnup and Kea's own commands refuse it."""
    prefixes = {number: prefix for prefix, number in facts.subnets.items()}
    for one in facts.reservations:
        if is_misplaced(facts, one):
            device = facts.macs.get(one.mac)
            whose = f"{device[0].name}'s {device[1].name}" if device else "a MAC that no device has"
            subnet = prefixes.get(one.subnet_id, "which is not there")
            what = f"{one.ip} is reserved for {whose} in subnet {one.subnet_id}, {subnet}."
            yield Seen(one.mac, what, device[0].rack if device else "")


CHECK = Check(
    area="DHCP",
    title="A reservation lies outside its subnet",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.DHCP),
    look=look,
    why="Kea hands it out without a word, and the machine can reach nobody with it.",
    advice="delete the row in Kea's hosts database; what the device needs is then offered as a fix.",
    steps="1. `DELETE FROM hosts WHERE dhcp_identifier = decode('<MAC without colons>', 'hex') AND dhcp4_subnet_id = <subnet>`.\n"
    "2. Find out who writes to that database beside turnup: rows written by hand pass all checks by.\n"
    "3. Start the audit again; name `device_without_reservation` in its *fix* if the server has none left.",
)
