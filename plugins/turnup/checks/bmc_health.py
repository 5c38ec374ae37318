"""A BMC says that its server is not well."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each server whose health is told and is not OK."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is not None and bmc.health not in (None, "", "OK"):
            yield seen(device, f"Its BMC calls its health {bmc.health}.")


CHECK = Check(
    area="BMC",
    title="A server is not healthy",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="A fan, a power supply, a drive or a memory module failed: the next one takes the server down.",
    advice="read the BMC's event log and send a technician.",
    steps="1. The event log names the part.\n"
    "2. Order it; drain the server before it is opened (*server_decommission* with *dry run* shows what hangs on it).",
)
