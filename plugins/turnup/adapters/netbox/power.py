"""Which power feeds the servers of a rack hang on, as NetBox's cables say: server > PDU outlet > PDU > feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from turnup.adapters.netbox.client import Client, Row

PORT_FIELDS = "id,device,connected_endpoints,connected_endpoints_type"
FEED, OUTLET = "dcim.powerfeed", "dcim.poweroutlet"
DEEPEST = 3  # PDUs behind PDUs that are followed


def read_feeds(client: Client, rack_id: int) -> Mapping[int, tuple[str, ...]]:
    """{device id: its feeds}: 1 request, and one more where servers hang on PDUs that are not in the rack."""
    ports = _by_device(client.rows("dcim/power-ports", rack_id=rack_id, fields=PORT_FIELDS))
    elsewhere = {
        outlet["device"]["id"] for rows in ports.values() for row in rows for outlet in _ends(row, OUTLET)
    } - ports.keys()
    if elsewhere:
        ports |= _by_device(client.rows_by("dcim/power-ports", "device_id", sorted(elsewhere), fields=PORT_FIELDS))
    return {device: tuple(sorted(_feeds(device, ports, DEEPEST))) for device in ports}


def _by_device(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["device"]["id"]].append(row)
    return dict(found)


def _feeds(device: int, ports: Mapping[int, list[Row]], depth: int) -> set[str]:
    """The feeds behind a device's power ports, named so that two of one name stay apart."""
    found: set[str] = set()
    for row in ports.get(device, ()):
        found |= {f"{feed['name']} (feed {feed['id']})" for feed in _ends(row, FEED)}
        if depth:
            found = found.union(*(_feeds(outlet["device"]["id"], ports, depth - 1) for outlet in _ends(row, OUTLET)))
    return found


def _ends(row: Row, kind: str) -> list[Row]:
    """What is at the other end of a power port's cable, where it is of this kind."""
    return (row["connected_endpoints"] or []) if row["connected_endpoints_type"] == kind else []
