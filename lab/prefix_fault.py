"""A rack whose management prefix in NetBox is full: every free address of it lies in a range that counts as taken."""

from __future__ import annotations

from dataclasses import dataclass

from lab.datacenter import Rack
from lab.fault import Fault
from lab.services import netbox
from turnup.adapters.netbox.client import Client, Row

_MARK = "lab fault prefix-full"
_RANGES = "ipam/ip-ranges"
FULL = Fault("prefix-full", "NetBox has no free address in the rack's management prefix")


@dataclass(frozen=True)
class RackTarget:
    """A rack, for `./lab/fault`."""

    rack: Rack
    faults: tuple[Fault, ...] = (FULL,)

    @property
    def name(self) -> str:
        return self.rack.name

    def active(self) -> list[str]:
        return [FULL.kind] if netbox.ready() and self._ranges() else []

    def put(self, kind: str) -> None:  # noqa: ARG002 - there is one
        if not self._ranges():
            prefix = self.rack.network.prefix
            row = {
                "start_address": f"{prefix[2]}/{prefix.prefixlen}",
                "end_address": f"{prefix[-2]}/{prefix.prefixlen}",
                "mark_populated": True,
                "description": _MARK,
            }
            _client().create(_RANGES, [row])

    def clear(self) -> None:
        _client().delete(_RANGES, [row["id"] for row in self._ranges()], _MARK)

    def _ranges(self) -> list[Row]:
        return _client().rows(_RANGES, parent=str(self.rack.network.prefix), description=_MARK, fields="id")


def _client() -> Client:
    return Client(netbox.url(), netbox.token(), timeout=60)
