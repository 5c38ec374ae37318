"""Two devices are in one unit of a rack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import ceil

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Device, Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each unit that two devices have on the same face."""
    there: dict[tuple[str, int, str], list[Device]] = defaultdict(list)
    for device in facts.estate.devices:
        bottom = device.server.position
        if device.rack_id is not None and bottom is not None:
            for unit in range(int(bottom), int(bottom) + max(1, ceil(device.height))):
                there[device.rack, unit, device.face].append(device)
    for (rack, unit, _), devices in there.items():
        if len(devices) > 1:
            names = " and ".join(sorted(f"{one.name} (serial {one.server.serial or 'none'})" for one in devices))
            yield Seen(f"{rack} U{unit}", f"{names} are both there.", rack)


CHECK = Check(
    area="Racks",
    title="Two devices are in one unit",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="A technician who is sent there pulls the wrong machine.",
    advice="go and look; correct the position of the other one in NetBox.",
    steps="1. Read the labels at that rack and unit.\n2. Correct the position in NetBox of the device that is elsewhere.",
)
