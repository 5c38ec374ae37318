"""snapshot: read the rack from NetBox, once, and keep what was read with the run."""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.servers import Snapshot
from turnup.flow.documents import dump, load
from turnup.ports import Ports

NAME = "snapshot.json"


def take(ports: Ports, site: str, rack: str) -> Snapshot:
    """The run's snapshot: taken at the first call, the same ever after."""
    kept = ports.records.read(NAME)
    if kept is not None:
        return load(Snapshot, kept, NAME)
    snapshot = replace(ports.inventory.snapshot(site, rack), dhcp_subnets=ports.dhcp.subnets())
    ports.records.write(NAME, dump(Snapshot, snapshot))
    return snapshot
