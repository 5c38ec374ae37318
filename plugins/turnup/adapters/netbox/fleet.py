"""The whole fleet from NetBox, in pages and few fields, and afterwards only what changed.

Read whole: sites, holds, racks, device types, and one request for every 1000 devices. After that three requests tell the changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from turnup.adapters.netbox.client import Client, Row
from turnup.adapters.netbox.holds import RECENT
from turnup.domain.fleet import Device, Fleet, Rack, Site

DEVICES, RACKS = "dcim/devices", "dcim/racks"
DEVICE_FIELDS = (
    "id,name,site,rack,position,face,role,tenant,device_type,status,serial,asset_tag,custom_fields,oob_ip,last_updated,display"
)
RACK_FIELDS = "id,name,site,location,status,u_height,starting_unit,desc_units,last_updated"

OVERLAP = timedelta(seconds=60)
"""What changed is asked for from so long before the latest change that is known: NetBox stamps a bulk edit's devices one after
another, and shows them when all of it is done."""


class NetBoxFleet:
    """The Facts port over one NetBox."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._types: dict[int, Row] = {}

    @property
    def url(self) -> str:
        """Where people find this NetBox."""
        return self._client.url

    def whole(self) -> Fleet:
        """Everything: 4 requests, and 1 for every 1000 racks, devices and device types."""
        self._read_types()
        sites = tuple(Site(row["slug"], row["name"]) for row in self._rows("dcim/sites", "id,slug,name"))
        racks = (_rack(row) for row in self._rows(RACKS, RACK_FIELDS))
        devices = (self._device(row) for row in self._rows(DEVICES, DEVICE_FIELDS))
        ordered = tuple(sorted(sites, key=lambda site: site.name.casefold()))
        holds = RECENT.of(self._client)
        return Fleet(ordered, {one.id: one for one in racks}, {one.id: one for one in devices}, holds)

    def since(self, fleet: Fleet) -> Fleet:
        """The fleet with what changed: 2 requests, and 1 for holds twice a minute. What was deleted stays until `whole`.

        Where the latest change that is known is not there any more, all is read: NetBox was restored, or that object deleted.
        """
        if not fleet.version:
            return self.whole()
        known = (datetime.fromisoformat(fleet.version) - OVERLAP).isoformat()
        racks = [_rack(row) for row in self._rows(RACKS, RACK_FIELDS, last_updated__gte=known)]
        rows = self._rows(DEVICES, DEVICE_FIELDS, last_updated__gte=known)
        if max([*(rack.version for rack in racks), *(row["last_updated"] or "" for row in rows)], default="") < fleet.version:
            return self.whole()
        if any(row["device_type"]["id"] not in self._types for row in rows):
            self._read_types()
        return fleet.changed(racks, [self._device(row) for row in rows], RECENT.of(self._client))

    def _read_types(self) -> None:
        self._types = {row["id"]: row for row in self._rows("dcim/device-types", "id,u_height,is_full_depth")}

    def _rows(self, path: str, fields: str, **filters: Any) -> list[Row]:
        """In an order that stays while devices change: pages neither repeat nor leave out."""
        return self._client.rows(path, fields=fields, ordering="id", **filters)

    def _device(self, row: Row) -> Device:
        custom: Mapping[str, Any] = row["custom_fields"] or {}
        kind = self._types.get(row["device_type"]["id"], {})
        return Device(
            id=row["id"],
            name=row["name"] or row["display"],
            site=row["site"]["slug"],
            status=row["status"]["value"],
            version=row["last_updated"] or "",
            rack_id=row["rack"]["id"] if row["rack"] else None,
            position=row["position"],
            height=kind.get("u_height", 1),
            full_depth=kind.get("is_full_depth", True),
            face=(row["face"] or {}).get("value") or "",
            role=row["role"]["slug"],
            tenant=(row["tenant"] or {}).get("slug"),
            model=row["device_type"]["model"],
            serial=row["serial"],
            asset_tag=row["asset_tag"] or "",
            claim=custom.get("turnup_claim") or None,
            last_run=custom.get("turnup_last_run") or None,
            cause=custom.get("turnup_cause") or "",
            bmc=(row["oob_ip"] or {}).get("address", "").split("/")[0],
        )


def _rack(row: Row) -> Rack:
    return Rack(
        id=row["id"],
        name=row["name"],
        site=row["site"]["slug"],
        status=row["status"]["value"],
        version=row["last_updated"] or "",
        units=row["u_height"],
        lowest=row["starting_unit"],
        descending=row["desc_units"],
        location=(row["location"] or {}).get("name", ""),
    )
