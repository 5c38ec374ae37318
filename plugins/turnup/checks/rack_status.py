"""A rack's status contradicts its servers'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Device, Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.states import Status

GONE = {Status.INVENTORY, Status.OFFLINE}


def look(facts: Facts) -> Iterator[Seen]:
    """Each rack with servers of ours that is not as a run would have left it."""
    ours: dict[int | None, list[Device]] = defaultdict(list)
    for device in facts.ours:
        ours[device.rack_id].append(device)
    for rack in facts.estate.racks:
        servers = ours.get(rack.id, [])
        statuses = {one.server.status for one in servers}
        wanted = _wanted(rack.status, statuses)
        if not servers or wanted is None or any(one.server.claim for one in servers):
            continue
        values: dict[str, str | int | None] = {"rack_id": rack.id, "rack": rack.name, "before": rack.status, "after": wanted}
        fix = Fix(f"set rack {rack.name} from {rack.status} to {wanted}", "set_rack_status", values)
        told = ", ".join(sorted(statuses))
        yield Seen(rack.name, f"The rack is {rack.status}; its {len(servers)} servers of ours are {told}.", rack.name, fix)


def _wanted(status: str, servers: set[str]) -> str | None:
    """What the rack should be, if that is not what it is: active with all, deprecated without any, planned before the first."""
    if servers == {Status.ACTIVE}:
        return None if status == "active" else "active"
    if servers and servers <= GONE:
        return "deprecated" if status == "active" else None
    if servers == {Status.PLANNED}:
        return "planned" if status in {"active", "deprecated"} else None
    return None


CHECK = Check(
    area="Racks",
    title="A rack's status contradicts its servers'",
    severity=Severity.NOTICE,
    needs=(Source.NETBOX,),
    look=look,
    why="Whoever plans space or power reads the rack's status.",
    advice="set the rack's status: name this check in the audit's *fix*.",
    steps="1. Somebody set the rack, or its last server, by hand: the changelog in NetBox says who.\n"
    "2. Name this check in the audit's *fix*.",
    fixes=True,
)
