"""A server is off that should serve, or on that should be gone."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status

GONE = (Status.INVENTORY, Status.OFFLINE)


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server that is off; each that left and is on, unless it even answers: that is told by another check."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is None or bmc.power is None:
            continue
        if device.server.status == Status.ACTIVE and bmc.power == "Off":
            yield seen(device, "NetBox calls it active, and its BMC says that it is off.")
        elif device.server.status in GONE and bmc.power == "On" and not facts.answers(device):
            yield seen(device, f"NetBox calls it {device.server.status}, and its BMC says that it is on.")


CHECK = Check(
    area="BMC",
    title="A server's power contradicts its status",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="A server that is counted on does not serve, or one that left still draws power and may hold data.",
    advice="switch it as its status says, or correct the status in NetBox.",
    steps="1. Read the BMC's event log: did it trip, was it switched by hand?\n"
    "2. A live server: switch it on, and see whether it comes back.\n"
    "3. One that left: find out who switched it on. It is not to be in any network.",
)
