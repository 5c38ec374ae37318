"""A server's BMC does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each BMC that was asked and showed no certificate."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is not None and bmc.certificate is None:
            address = device.server.oob_ip.ip if device.server.oob_ip else "its address"
            yield seen(device, f"Its BMC at {address}: {bmc.trouble}.")


CHECK = Check(
    area="BMC",
    title="A BMC does not answer",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="When the server hangs nobody can restart it but by going there; it can be neither installed nor decommissioned.",
    advice="check cable and power of the BMC's port, and whether DHCP knows its MAC.",
    steps="1. Has it a lease? Is there a finding about its reservation?\n"
    "2. Check the cable; compare the MAC on the label with NetBox.\n"
    "3. A BMC that hangs comes back after a reset (on the machine: `ipmitool mc reset cold`), else after its plug was pulled.",
)
