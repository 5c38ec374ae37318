"""snapshot: read the rack from NetBox and keep what was read with the run."""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.errors import Refused
from turnup.domain.servers import Snapshot
from turnup.flow.documents import dump, load
from turnup.flow.steps import plan
from turnup.ports import Ports

FOLDER = "snapshot"


def take(ports: Ports, site: str, rack: str) -> Snapshot:
    """Read the rack as it is now; once there is a plan, the snapshot that it rests on stays.

    A plan that was refused leaves none: correct NetBox, clear the task snapshot, and it is read anew.
    """
    if plan.is_made(ports.records):
        return kept(ports)
    snapshot = replace(ports.inventory.snapshot(site, rack), dhcp_subnets=ports.dhcp.subnets())
    number = len(ports.records.names(FOLDER)) + 1
    ports.records.write(f"{FOLDER}/{number}.json", dump(Snapshot, snapshot))
    return snapshot


def kept(ports: Ports) -> Snapshot:
    """The snapshot that was taken last."""
    number = len(ports.records.names(FOLDER))
    name = f"{FOLDER}/{number}.json"
    content = ports.records.read(name) if number else None
    if content is None:
        raise Refused("This run has no snapshot.", "clear its task snapshot.", cause="snapshot-missing")
    return load(Snapshot, content, name)
