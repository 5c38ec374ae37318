"""All that NetBox has of a site, read in pages for an audit: devices, interfaces, addresses, prefixes, ranges, racks.

Requests: one for a thousand devices, interfaces and addresses each, and seven more. Interfaces, addresses and the rest are read
at the same time, by clients of their own: threads share none. NetBox's addresses are all read, once for all sites of an audit,
since it cannot be asked for those of one site.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client, Row, changelog
from turnup.adapters.netbox.snapshot import DEVICE_INTERFACE, VIRTUAL, read_server
from turnup.domain.acceptance import FIELD
from turnup.domain.errors import Refused
from turnup.domain.facts import Assigned, Device, Estate, Rack, Range, SitePrefix
from turnup.domain.hostnames import hostname
from turnup.domain.networks import Networks
from turnup.domain.servers import Address, Interface
from turnup.domain.states import Status

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
log = logging.getLogger(__name__)

DEVICES = (
    "id,name,serial,asset_tag,position,face,rack,role,tenant,device_type,status,last_updated,custom_fields,"
    "primary_ip4,primary_ip6,oob_ip"
)
INTERFACES = "id,name,type,device,mac_address,mgmt_only"
ADDRESSES = "id,address,status,role,vrf,assigned_object_type,assigned_object_id,dns_name,description"
PASSING = (Status.STAGED, Status.FAILED, Status.DECOMMISSIONING)
"""Statuses that are meant to pass: since when a device has one is looked up."""


class NetBoxEstates:
    """The Estates port (see `sources.Estates`) over one NetBox, for one audit: what was read is not read again.

    `client` makes a client; each thread gets its own.
    """

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._lock = Lock()
        self._outlines: dict[str, Estate] = {}

    def outline(self, site: str) -> Estate:
        """Read by who comes first; the others wait for it."""
        with self._lock:
            if site not in self._outlines:
                self._outlines[site] = self._outline(site)
            return self._outlines[site]

    def estate(self, site: str) -> Estate:
        """The outline, and what is on its devices."""
        with ThreadPoolExecutor(2, thread_name_prefix="estate") as pool:
            interfaces = pool.submit(self._interfaces, site)
            addresses = pool.submit(lambda: self._addresses)
            return _complete(self.outline(site), interfaces.result(), addresses.result())

    def _outline(self, site: str) -> Estate:
        client = self._client()
        sites = client.rows("dcim/sites", slug=site, fields="id,custom_fields")
        if not sites:
            raise Refused(f"NetBox has no site {site!r}.", "correct the site's policy file.", cause="site-unknown")
        heights = {row["slug"]: row["u_height"] for row in client.rows("dcim/device-types", fields="slug,u_height")}
        within: Row = {"scope_type": "dcim.site", "scope_id": sites[0]["id"], "status": "active"}
        prefixes = client.rows("ipam/prefixes", fields="id,prefix,role", **within)
        ranges = client.rows("ipam/ip-ranges", fields="start_address,end_address,mark_populated")
        racks = client.rows("dcim/racks", site=site, fields="id,name,status")
        rows = _each_once(client, "dcim/devices", site=site, fields=DEVICES)
        since = _since(client, rows)
        return Estate(
            site=site,
            devices=tuple(_device(row, heights, since) for row in rows),
            racks=tuple(Rack(row["id"], row["name"], row["status"]["value"]) for row in racks),
            prefixes=tuple(SitePrefix(row["id"], row["prefix"], row["role"]["slug"]) for row in prefixes if row["role"]),
            ranges=tuple(
                Range(row["start_address"].split("/")[0], row["end_address"].split("/")[0])
                for row in ranges
                if row["mark_populated"]
            ),
            accepted=(sites[0]["custom_fields"] or {}).get(FIELD) or "",
        )

    def owned(self, site: str, domain: str, macs: Collection[str], minions: Collection[str]) -> frozenset[str]:
        """Three requests for a few hundred of them, none for none. NetBox would refuse to look for what is no MAC."""
        client, known = self._client(), [mac for mac in sorted(macs) if MAC.fullmatch(mac)]
        rows = client.rows_by("dcim/mac-addresses", "mac_address", known, fields="mac_address,assigned_object_id")
        found = {row["mac_address"].lower() for row in rows if row["assigned_object_id"] is not None} & set(macs)
        names = sorted({*minions, *(one.partition(".")[0] for one in minions)})
        machines = client.rows_by("dcim/devices", "name__ie", names, fields="name,site")
        try:
            machines += client.rows_by("virtualization/virtual-machines", "name__ie", names, fields="name")
        except Refused as error:
            log.warning("virtual machines are not known: %s", error)
        here = {hostname(row["name"], domain) for row in machines if _site(row) == site}
        there = {row["name"].lower() for row in machines if _site(row) != site}
        return frozenset(found | {one for one in minions if one in here or {one, one.partition(".")[0]} & there})

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
        """Two requests: one that is there already is not made again. Refused: somebody else has the address by now."""
        client = self._client()
        there = client.rows("ipam/ip-addresses", address=cidr, fields="id,status,vrf,description")
        there = [row for row in there if row["vrf"] is None]
        same = any(row["status"]["value"] == "deprecated" and row["description"] == description for row in there)
        if there and not same:
            raise Refused(f"Nothing was undone: NetBox has {cidr} anew.", "leave it as it is.", cause="request-refused")
        if not same:
            row = {"address": cidr, "status": "deprecated", "description": description, **changelog(message)}
            client.create("ipam/ip-addresses", [row])

    def rack_status(self, rack_id: int) -> str:
        """One request."""
        return str(self._client().row("dcim/racks", rack_id, fields="status")["status"]["value"])

    def _interfaces(self, site: str) -> dict[int, list[Interface]]:
        """{device id: its interfaces}, still without addresses."""
        found: dict[int, list[Interface]] = defaultdict(list)
        for row in _each_once(self._client(), "dcim/interfaces", site=site, fields=INTERFACES):
            mac = (row["mac_address"] or "").lower() or None
            port = Interface(row["id"], row["name"], mac, row["mgmt_only"], None, virtual=row["type"]["value"] in VIRTUAL)
            found[row["device"]["id"]].append(port)
        return found

    @cached_property
    def _addresses(self) -> tuple[Assigned, ...]:
        return tuple(map(_assigned, _each_once(self._client(), "ipam/ip-addresses", fields=ADDRESSES)))


def _each_once(client: Client, path: str, **query: Any) -> list[Row]:
    """By id: what runs make while pages are read comes last, and moves nothing from one page to the next."""
    return list({row["id"]: row for row in client.rows(path, ordering="id", **query)}.values())


def _site(row: Row) -> str:
    return str((row.get("site") or {}).get("slug", ""))


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


def _device(row: Row, heights: Mapping[str, float], since: Mapping[int, datetime]) -> Device:
    rack = row["rack"] or {}
    return Device(
        server=read_server(row),
        rack=rack.get("name", ""),
        rack_id=rack.get("id"),
        face=(row["face"] or {}).get("value") or "",
        height=heights.get(row["device_type"]["slug"], 1),
        since=since.get(row["id"]),
    )


def _complete(outline: Estate, interfaces: Mapping[int, list[Interface]], addresses: Sequence[Assigned]) -> Estate:
    """With the devices' interfaces and what is on them; the addresses are those of the site's devices and prefixes."""
    networks = Networks(prefix.cidr for prefix in outline.prefixes)
    ports = {port.id for owned in interfaces.values() for port in owned}
    on: dict[int, list[Address]] = defaultdict(list)
    mine: list[Assigned] = []
    for one in addresses:
        if one.port in ports:
            on[one.port].append(Address(one.id, one.cidr, one.port))
        if one.port in ports or networks.of(one.ip) is not None:
            mine.append(one)
    by_id = {address.id: address for owned in on.values() for address in owned}

    def known(address: Address | None) -> Address | None:
        return by_id.get(address.id, address) if address else None

    def complete(device: Device) -> Device:
        server = device.server
        owned = (replace(port, addresses=tuple(on[port.id])) if port.id in on else port for port in interfaces.get(server.id, ()))
        found = replace(
            server,
            interfaces=tuple(owned),
            primary_ip4=known(server.primary_ip4),
            primary_ip6=known(server.primary_ip6),
            oob_ip=known(server.oob_ip),
        )
        return replace(device, server=found)

    return replace(outline, devices=tuple(map(complete, outline.devices)), addresses=tuple(mine))
