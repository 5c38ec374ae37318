"""All that NetBox has of a site, read in pages for an audit: devices, interfaces, addresses, prefixes, ranges, racks.

Requests: one for a thousand devices, interfaces and addresses each, and seven more. Interfaces, addresses and the rest are read
at the same time, by clients of their own: threads share none. NetBox's addresses are all read, once for all sites of an audit,
since it cannot be asked for those of one site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client, Row, changelog
from turnup.adapters.netbox.snapshot import DEVICE_INTERFACE, VIRTUAL, read_server
from turnup.domain.acceptance import FIELD
from turnup.domain.errors import Refused
from turnup.domain.facts import Assigned, Device, Estate, Rack, Range, SitePrefix
from turnup.domain.networks import Networks
from turnup.domain.servers import Address, Interface
from turnup.domain.states import Status

DEVICES = (
    "id,name,serial,asset_tag,position,face,rack,role,tenant,device_type,status,last_updated,custom_fields,"
    "primary_ip4,primary_ip6,oob_ip"
)
INTERFACES = "id,name,type,device,mac_address,mgmt_only"
ADDRESSES = "id,address,status,role,vrf,assigned_object_type,assigned_object_id,dns_name,description"
PASSING = (Status.STAGED, Status.FAILED, Status.DECOMMISSIONING)
"""Statuses that are meant to pass: since when a device has one is looked up."""


class NetBoxEstates:
    """The Estates port (see `sources.Estates`) over one NetBox. `client` makes a client; each thread gets its own."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client

    def estate(self, site: str) -> Estate:
        """Read the site."""
        with ThreadPoolExecutor(3, thread_name_prefix="estate") as pool:
            devices = pool.submit(self._devices, site)
            interfaces = pool.submit(self._interfaces, site)
            addresses = pool.submit(lambda: self._addresses)
            client = self._client()
            sites = client.rows("dcim/sites", slug=site, fields="id,custom_fields")
            if not sites:
                raise Refused(f"NetBox has no site {site!r}.", "correct the site's policy file.", cause="site-unknown")
            racks = client.rows("dcim/racks", site=site, fields="id,name,status")
            prefixes = client.rows(
                "ipam/prefixes", scope_type="dcim.site", scope_id=sites[0]["id"], status="active", fields="id,prefix,role"
            )
            ranges = client.rows("ipam/ip-ranges", fields="start_address,end_address,mark_populated")
            heights = {row["slug"]: row["u_height"] for row in client.rows("dcim/device-types", fields="slug,u_height")}
            rows = devices.result()
            since = _since(client, rows)
            return _estate(site, sites[0], racks, prefixes, ranges, heights, rows, since, interfaces.result(), addresses.result())

    def clear_primary(self, device_id: int, fields: Sequence[str], message: str) -> None:
        """One request."""
        self._client().change("dcim/devices", device_id, {**dict.fromkeys(fields), **changelog(message)})

    def address(self, address_id: int) -> tuple[str, str, str] | None:
        """One request."""
        found = self._client().rows("ipam/ip-addresses", id=address_id, fields=ADDRESSES)
        if not found or found[0]["assigned_object_id"] is not None:
            return None
        return found[0]["address"], found[0]["status"]["value"], found[0]["description"]

    def keep_address(self, cidr: str, description: str, message: str) -> None:
        """Two requests: one that is there already is not made again."""
        client = self._client()
        there = client.rows("ipam/ip-addresses", address=cidr, status="deprecated", fields="id,description")
        if not any(row["description"] == description for row in there):
            row = {"address": cidr, "status": "deprecated", "description": description, **changelog(message)}
            client.create("ipam/ip-addresses", [row])

    def rack_status(self, rack_id: int) -> str:
        """One request."""
        return str(self._client().row("dcim/racks", rack_id, fields="status")["status"]["value"])

    def _devices(self, site: str) -> list[Row]:
        return self._client().rows("dcim/devices", site=site, fields=DEVICES)

    def _interfaces(self, site: str) -> dict[int, list[Interface]]:
        """{device id: its interfaces}, still without addresses."""
        found: dict[int, list[Interface]] = defaultdict(list)
        for row in self._client().rows("dcim/interfaces", site=site, fields=INTERFACES):
            mac = (row["mac_address"] or "").lower() or None
            port = Interface(row["id"], row["name"], mac, row["mgmt_only"], None, virtual=row["type"]["value"] in VIRTUAL)
            found[row["device"]["id"]].append(port)
        return found

    @cached_property
    def _addresses(self) -> tuple[Assigned, ...]:
        return tuple(map(_assigned, self._client().rows("ipam/ip-addresses", fields=ADDRESSES)))


def _assigned(row: Row) -> Assigned:
    kind = row["assigned_object_type"]
    return Assigned(
        id=row["id"],
        cidr=row["address"],
        status=row["status"]["value"],
        port=row["assigned_object_id"] if kind == DEVICE_INTERFACE else None,
        dns_name=row["dns_name"] or "",
        description=row["description"] or "",
        role=(row["role"] or {}).get("value") or "",
        vrf=row["vrf"] is not None,
        elsewhere=kind is not None and kind != DEVICE_INTERFACE,
    )


def _since(client: Client, rows: Sequence[Row]) -> dict[int, datetime]:
    """{device id: since when it has its status}, of those that are meant to pass: 1 request for a few hundred.

    Where the changelog no longer says so, it is at least since the device was last saved.
    """
    passing = {row["id"]: row for row in rows if row["status"]["value"] in PASSING}
    since = {key: datetime.fromisoformat(row["last_updated"]) for key, row in passing.items() if row["last_updated"]}
    for change in NetBoxChanges(client).after(0, sorted(passing)) if passing else ():
        if change.after == passing[change.device_id]["status"]["value"]:
            since[change.device_id] = datetime.fromisoformat(change.at)
    return since


def _estate(
    site: str,
    found: Row,
    racks: Sequence[Row],
    prefixes: Sequence[Row],
    ranges: Sequence[Row],
    heights: Mapping[str, float],
    rows: Sequence[Row],
    since: Mapping[int, datetime],
    interfaces: Mapping[int, list[Interface]],
    addresses: Sequence[Assigned],
) -> Estate:
    with_role = [SitePrefix(row["id"], row["prefix"], row["role"]["slug"]) for row in prefixes if row["role"]]
    networks = Networks(row["prefix"] for row in prefixes)
    ports = {port.id for owned in interfaces.values() for port in owned}
    on: dict[int, list[Address]] = defaultdict(list)
    mine: list[Assigned] = []
    for one in addresses:
        if one.port in ports:
            on[one.port].append(Address(one.id, one.cidr, one.port))
        if one.port in ports or networks.of(one.ip) is not None:
            mine.append(one)
    by_id = {address.id: address for owned in on.values() for address in owned}
    devices = []
    for row in rows:
        owned = [replace(port, addresses=tuple(on[port.id])) if port.id in on else port for port in interfaces.get(row["id"], ())]
        rack = row["rack"] or {}
        devices.append(
            Device(
                server=read_server(row, owned, by_id),
                rack=rack.get("name", ""),
                rack_id=rack.get("id"),
                face=(row["face"] or {}).get("value") or "",
                height=heights.get(row["device_type"]["slug"], 1),
                since=since.get(row["id"]),
            )
        )
    return Estate(
        site=site,
        devices=tuple(devices),
        racks=tuple(Rack(row["id"], row["name"], row["status"]["value"]) for row in racks),
        prefixes=tuple(with_role),
        ranges=tuple(
            Range(row["start_address"].split("/")[0], row["end_address"].split("/")[0]) for row in ranges if row["mark_populated"]
        ),
        addresses=tuple(mine),
        accepted=(found["custom_fields"] or {}).get(FIELD) or "",
    )
