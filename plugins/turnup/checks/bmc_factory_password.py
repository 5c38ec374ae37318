"""A BMC still takes its factory password."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each BMC that let us in with the factory's login, which is tried where the Redfish connection has one."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is not None and bmc.factory:
            yield seen(device, "Its BMC takes the login that it left the factory with.")


CHECK = Check(
    area="BMC",
    title="A BMC takes its factory password",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="Everybody in the out-of-band network can switch the server, read its console and boot what they like.",
    advice="change or remove the factory's account on the BMC.",
    steps="1. Log in with the site's account, and remove the factory's, or set its password.\n"
    "2. A BMC that was reset has it again: see whether its certificate changed, too.\n"
    "3. Which login is tried is in the site's Redfish connection in Airflow; where it has none, nothing is tried.",
)
