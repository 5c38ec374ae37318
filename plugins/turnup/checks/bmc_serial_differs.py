"""A BMC reports another serial number than NetBox has."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each BMC that names a serial number, and another one."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is not None and bmc.serial and bmc.serial.casefold() != device.server.serial.casefold():
            yield seen(device, f"Its BMC reports the serial number {bmc.serial}, NetBox has {device.server.serial or 'none'}.")


CHECK = Check(
    area="BMC",
    title="A BMC's serial number is not NetBox's",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="NetBox points at the wrong machine: who switches this server off, or wipes it, hits another one.",
    advice="go and read the label; correct the serial number, or the BMCs' cables or addresses.",
    steps="1. Read the label of the machine at that rack and unit.\n"
    "2. If two servers report each other's, their BMCs' cables or MACs are swapped.\n"
    "3. If the board was replaced, set its serial number in the BMC, or correct NetBox.",
)
