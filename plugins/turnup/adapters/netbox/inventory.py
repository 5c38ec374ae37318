"""NetBox as the Inventory port: reads in bulk, writes a device only where it is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from turnup.adapters.netbox.client import Client, Exhausted, Moved, Row, changelog
from turnup.adapters.netbox.holds import RECENT
from turnup.adapters.netbox.snapshot import (
    ADDRESS_FIELDS,
    DEVICE_FIELDS,
    DEVICE_INTERFACE,
    read_addresses,
    read_server,
    read_snapshot,
)
from turnup.domain.errors import Conflict, Refused
from turnup.domain.holds import Hold
from turnup.domain.servers import Address, Server, Snapshot
from turnup.ports import AddressRequest, DeviceWrite, JournalEntry, PrimaryAddresses

CUSTOM_FIELDS = {
    "claim": "turnup_claim",
    "cause": "turnup_cause",
    "bmc_certificate": "turnup_bmc_certificate",
    "last_run": "turnup_last_run",
    "leaving_since": "turnup_leaving_since",
}
JOURNAL_LOOKBACK = 1000  # entries that are searched for one that is there already


class NetBoxInventory:
    """The Inventory port (see `ports.Inventory` for what each method promises) over one NetBox.

    Processes that are given the same folder share their looks at holds.
    """

    def __init__(self, client: Client, shared: Path | None = None) -> None:
        self._client = client
        self._shared = shared

    def holds(self) -> tuple[Hold, ...]:
        """Every hold: 1 request in thirty seconds for all processes that share the folder, else for all of this one."""
        return RECENT.of(self._client, self._shared)

    def snapshot(self, site: str, rack: str) -> Snapshot:
        """Read one rack: 9 requests, and one for each prefix that it can use."""
        return read_snapshot(self._client, site, rack)

    def device(self, device_id: int) -> Server:
        """Read one device without its interfaces: 1 request."""
        return read_server(self._client.row("dcim/devices", device_id, fields=DEVICE_FIELDS))

    def devices(self, site: str, names: Sequence[str]) -> tuple[Server, ...]:
        """Read devices by name without their interfaces: 1 request for a few hundred."""
        rows = self._client.rows_by("dcim/devices", "name", list(names), site=site, fields=DEVICE_FIELDS)
        servers = [read_server(row) for row in rows]
        return tuple(server for server in servers if server.name in names)  # NetBox compares without regard to case

    def site_servers(self, site: str) -> tuple[Server, ...]:
        """Every device of the site without its interfaces: 1 request for a thousand."""
        return tuple(read_server(row) for row in self._client.rows("dcim/devices", site=site, fields=DEVICE_FIELDS))

    def holders(self, serial: str) -> tuple[str, ...]:
        """Where the devices of this serial number are: 1 request."""
        rows = self._client.rows("dcim/devices", serial=serial, fields="name,serial,site,rack,position")
        return tuple(sorted(_place(row) for row in rows if row["serial"].casefold() == serial.casefold()))

    def write(self, device_id: int, version: str, change: DeviceWrite, message: str) -> str:
        """Change a device by a conditional PATCH: 1 request, 2 or 3 where it is not at `version`."""
        wanted = _fields(change)
        if not wanted:
            return version
        data = {**wanted, **changelog(message)}
        try:
            return str(self._client.change("dcim/devices", device_id, data, etag_of(version))["last_updated"])
        except Moved as moved:
            now = self._client.row("dcim/devices", device_id, fields=DEVICE_FIELDS)
            if _has(now, wanted):  # a former try got through and its answer was lost
                return str(now["last_updated"])
            if now["last_updated"] != version or moved.etag is None:
                raise _conflict(now) from moved
            etag = moved.etag  # it did not move: this NetBox builds its ETag in another way, and here is what it expects
        try:
            return str(self._client.change("dcim/devices", device_id, data, etag)["last_updated"])
        except Moved as moved:
            raise _conflict(self._client.row("dcim/devices", device_id, fields=DEVICE_FIELDS)) from moved

    def addresses_on(self, interface_ids: Sequence[int]) -> tuple[Address, ...]:
        """Every address on these interfaces, by id: 1 request for a few hundred interfaces."""
        rows = self._client.rows_by("ipam/ip-addresses", "interface_id", interface_ids, fields=ADDRESS_FIELDS)
        return tuple(sorted(read_addresses(rows), key=lambda address: address.id))

    def macs(self, interface_ids: Sequence[int]) -> Mapping[int, str | None]:
        """Primary MACs of interfaces: 1 request for a few hundred."""
        rows = self._client.rows_by("dcim/interfaces", "id", interface_ids, fields="id,mac_address")
        return {row["id"]: (row["mac_address"] or "").lower() or None for row in rows}

    def allocate(self, prefix_id: int, requests: Sequence[AddressRequest]) -> tuple[Address, ...]:
        """Take free addresses: 1 request. All or none."""
        rows = [
            {
                "assigned_object_type": DEVICE_INTERFACE,
                "assigned_object_id": request.interface_id,
                "dns_name": request.dns_name,
                "description": request.description[:200],
                "status": "active",
                **changelog(request.description),
            }
            for request in requests
        ]
        try:
            return read_addresses(self._client.create(f"ipam/prefixes/{prefix_id}/available-ips", rows))
        except Exhausted as exhausted:
            prefix = self._client.row("ipam/prefixes", prefix_id, fields="prefix")["prefix"]
            raise Refused(
                f"Prefix {prefix} is full: {len(rows)} more addresses are needed, and it has fewer.",
                "release addresses or enlarge the prefix in NetBox, then clear this task.",
                cause="prefix-full",
            ) from exhausted

    def release(self, address_ids: Sequence[int], message: str) -> None:
        """Delete these addresses: 2 requests."""
        there = self._existing(address_ids)
        while there:
            try:
                return self._client.delete("ipam/ip-addresses", there, message)
            except Refused:  # all or none: one that somebody else deleted meanwhile keeps the others
                left = self._existing(there)
                if left == there:
                    raise
                there = left
        return None

    def retire(self, device_id: int, address_ids: Sequence[int], why: str, message: str) -> None:
        """Deprecate these addresses: 4 requests. A device's primary address cannot be taken off it before it is none."""
        device = self._client.row("dcim/devices", device_id, fields="id,primary_ip4,primary_ip6,oob_ip")
        held = [name for name in ("primary_ip4", "primary_ip6", "oob_ip") if (device[name] or {}).get("id") in address_ids]
        if held:
            self._client.change("dcim/devices", device_id, {**dict.fromkeys(held), **changelog(message)})
        retired = {"status": "deprecated", "assigned_object_type": None, "assigned_object_id": None, "dns_name": ""}
        rows = [{"id": key, **retired, "description": why[:200], **changelog(message)} for key in self._existing(address_ids)]
        self._client.change_all("ipam/ip-addresses", rows)

    def set_primary(self, addresses: Sequence[PrimaryAddresses], message: str) -> None:
        """Set primary and out-of-band addresses of devices: 1 request."""
        rows = []
        for one in addresses:
            chosen = {"primary_ip4": one.primary_ip4, "primary_ip6": one.primary_ip6, "oob_ip": one.oob_ip}
            rows.append({"id": one.device_id, **{field: key for field, key in chosen.items() if key is not None}})
        self._client.change_all("dcim/devices", [{**row, **changelog(message)} for row in rows if len(row) > 1])

    def set_rack_status(self, rack_id: int, status: str, message: str) -> None:
        """Set a rack's status: 1 request."""
        self._client.change("dcim/racks", rack_id, {"status": status, **changelog(message)})

    def rack_servers(self, rack_id: int) -> tuple[Server, ...]:
        """The rack's devices without their interfaces: 1 request."""
        return tuple(read_server(row) for row in self._client.rows("dcim/devices", rack_id=rack_id, fields=DEVICE_FIELDS))

    def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Append to journals what is not there yet, so that a second try adds nothing: 2 requests."""
        if not entries:
            return
        there = {
            (row["assigned_object_id"], row["kind"]["value"], row["comments"])
            for row in self._client.rows(
                "extras/journal-entries",
                assigned_object_type="dcim.device",
                assigned_object_id=[entry.device_id for entry in entries],
                ordering="-created",
                fields="assigned_object_id,kind,comments",
                at_most=JOURNAL_LOOKBACK,
            )
        }
        rows = [
            {
                "assigned_object_type": "dcim.device",
                "assigned_object_id": entry.device_id,
                "kind": entry.kind,
                "comments": entry.comments,
            }
            for entry in entries
            if (entry.device_id, entry.kind, entry.comments) not in there
        ]
        self._client.create("extras/journal-entries", rows)

    def _existing(self, address_ids: Sequence[int]) -> list[int]:
        return sorted(row["id"] for row in self._client.rows_by("ipam/ip-addresses", "id", address_ids, fields="id"))


def _place(row: Row) -> str:
    rack = f"rack {row['rack']['name']}" if row["rack"] else "no rack"
    unit = f"U{row['position']:g}" if row["position"] else "no position"
    return f"{row['name']} (site {row['site']['slug']}, {rack}, {unit})"


def etag_of(version: str) -> str:
    """The ETag that NetBox 4.7 gives to an object with this `last_updated`."""
    return f'W/"{version.removesuffix("Z")}+00:00"' if version.endswith("Z") else f'W/"{version}"'


def _fields(change: DeviceWrite) -> Row:
    """The fields to send; an empty string clears a custom field."""
    custom = {field: getattr(change, name) or None for name, field in CUSTOM_FIELDS.items() if getattr(change, name) is not None}
    return {
        **({} if change.status is None else {"status": change.status}),
        **({"custom_fields": custom} if custom else {}),
        **({} if change.tags is None else {"tags": [{"slug": slug} for slug in change.tags]}),
    }


def _has(row: Row, wanted: Row) -> bool:
    if "status" in wanted and row["status"]["value"] != wanted["status"]:
        return False
    if "tags" in wanted and {tag["slug"] for tag in row["tags"]} != {tag["slug"] for tag in wanted["tags"]}:
        return False
    return all((row["custom_fields"].get(field) or None) == value for field, value in wanted.get("custom_fields", {}).items())


def _conflict(row: Row) -> Conflict:
    now = read_server(row)
    return Conflict(
        f"{now.name} changed in NetBox since it was read: it is {now.status} now, held by {now.claim or 'no run'}.",
        "plan again.",
        cause="facts-changed",
    )
