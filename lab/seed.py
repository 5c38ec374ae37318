"""Fills NetBox with the lab's data center as on the day the servers were mounted: all `planned`, none with an address.

Creates what is missing and changes nothing that is there, except what a former seed left half done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lab import datacenter
from lab.datacenter import Guest, Server
from turnup.adapters.netbox.client import Client, Row, changelog
from turnup.adapters.netbox.definitions import TIES, read_definitions
from turnup.adapters.netbox.ensure import Receiver, ensure, ensure_ties

MESSAGE = "lab seed"
TIMEOUT = 60.0  # seconds; NetBox creates about seven devices a second


def seed(url: str, token: str, receiver: Receiver) -> None:
    """Bring NetBox to the lab's data center, which tells `receiver` about statuses. Doing it again writes nothing."""
    client = Client(url, token, timeout=TIMEOUT)
    ensure(client, read_definitions())
    ensure_ties(client, read_definitions(kinds=TIES), receiver)
    site = _one(client, "dcim/sites", "slug", {"name": datacenter.SITE_NAME, "slug": datacenter.SITE, "status": "active"})
    vlans = _networks(client, site)
    kinds = _kinds(client)
    _devices(client, site, [_server(server, kinds) for server in datacenter.SERVERS])
    _devices(client, site, [_guest(guest, kinds) for guest in datacenter.GUESTS])
    _ports(client, site, vlans)
    _other_site(client, kinds)


def _networks(client: Client, site: int) -> dict[int, int]:
    """VLANs, prefixes and the gateways' addresses; answers {VLAN number: NetBox's id}."""
    group = {"name": datacenter.SITE_NAME, "slug": datacenter.SITE, "scope_type": "dcim.site", "scope_id": site}
    group_id = _one(client, "ipam/vlan-groups", "slug", group)
    vlans = _create_missing(
        client,
        "ipam/vlans",
        "vid",
        [
            {"vid": network.vlan_id, "name": network.bridge, "site": site, "group": group_id, "status": "active"}
            for network in datacenter.NETWORKS
        ],
        group_id=group_id,
    )
    roles = {row["slug"]: row["id"] for row in client.rows("ipam/roles", fields="id,slug")}
    _create_missing(
        client,
        "ipam/prefixes",
        "prefix",
        [
            {
                "prefix": str(prefix),
                "status": "active",
                "scope_type": "dcim.site",
                "scope_id": site,
                "role": roles[network.role],
                "vlan": vlans[network.vlan_id],
            }
            for network in datacenter.NETWORKS
            for prefix in network.prefixes
        ],
    )
    _create_missing(
        client,
        "ipam/ip-addresses",
        "address",
        [
            {"address": gateway, "status": "active", "description": f"Gateway of {network.bridge}"}
            for network in datacenter.NETWORKS
            for gateway in network.gateways
        ],
    )
    return vlans


@dataclass(frozen=True)
class Kinds:
    """NetBox's ids of what devices are, by slug."""

    types: dict[str, int]
    roles: dict[str, int]
    tenants: dict[str, int]


def _kinds(client: Client) -> Kinds:
    """Device types with their interfaces, roles, and the tenant whose servers turnup leaves alone."""
    slug = datacenter.MANUFACTURER.lower()
    manufacturer = _one(client, "dcim/manufacturers", "slug", {"name": datacenter.MANUFACTURER, "slug": slug})
    models = [*(generation.name for generation in datacenter.GENERATIONS), datacenter.SWITCH]
    rows: list[Row] = [{"manufacturer": manufacturer, "model": model, "slug": model, "u_height": 1} for model in models]
    types = _create_missing(client, "dcim/device-types", "slug", rows)
    for generation in datacenter.GENERATIONS:
        key = types[generation.name]
        ports: list[Row] = [{"name": name} for name in generation.nics] + [{"name": datacenter.BMC, "mgmt_only": True}]
        templates = [{**port, "device_type": key, "type": "1000base-t"} for port in ports]
        _create_missing(client, "dcim/interface-templates", "name", templates, device_type_id=key)
    names = dict.fromkeys([*(server.role for server in datacenter.SERVERS), *(guest.role for guest in datacenter.GUESTS)])
    roles: list[Row] = [{"name": name.capitalize(), "slug": name, "color": "2196f3"} for name in names]
    tenant = {"name": datacenter.TENANT.capitalize(), "slug": datacenter.TENANT}
    return Kinds(
        types=types,
        roles=_create_missing(client, "dcim/device-roles", "slug", roles),
        tenants=_create_missing(client, "tenancy/tenants", "slug", [tenant]),
    )


def _server(server: Server, kinds: Kinds) -> Row:
    return {
        "name": server.name,
        "serial": server.serial,
        "asset_tag": server.asset_tag,
        "rack": server.rack.name,
        "position": server.unit,
        "role": kinds.roles[server.role],
        "device_type": kinds.types[server.generation.name],
    }


def _guest(guest: Guest, kinds: Kinds) -> Row:
    return {
        "name": guest.name,
        "serial": guest.serial,
        "rack": guest.rack.name,
        "position": guest.unit,
        "role": kinds.roles[guest.role],
        "device_type": kinds.types[guest.device_type],
        "tenant": kinds.tenants[guest.tenant] if guest.tenant else None,
    }


def _devices(client: Client, site: int, rows: Sequence[Row]) -> None:
    """The devices in their racks, all planned; each gets its interfaces from its type."""
    names = dict.fromkeys(row["rack"] for row in rows)
    rack_rows: list[Row] = [{"name": name, "site": site, "u_height": 42, "status": "planned"} for name in names]
    racks = _create_missing(client, "dcim/racks", "name", rack_rows, site_id=site)
    common: Row = {"site": site, "face": "front", "status": "planned"}
    devices = [{**common, **row, "rack": racks[row["rack"]]} for row in rows]
    _create_missing(client, "dcim/devices", "name", devices, site_id=site)


def _other_site(client: Client, kinds: Kinds) -> None:
    """A site of which turnup has no policy, with racks and devices of the same names, and serial numbers of their own."""
    other = {"name": datacenter.OTHER_SITE_NAME, "slug": datacenter.OTHER_SITE, "status": "active"}
    site = _one(client, "dcim/sites", "slug", other)
    namesakes = [{**_server(server, kinds), "serial": f"X{server.serial}", "asset_tag": None} for server in datacenter.NAMESAKES]
    _devices(client, site, namesakes)


def _ports(client: Client, site: int, vlans: dict[int, int]) -> None:
    """Every port's MAC address, as NetBox's own object, and its untagged VLAN; a second NIC has none."""
    wanted = {
        (server.name, name): (mac, vlans[network.vlan_id] if network else None)
        for server in datacenter.SERVERS
        for name, mac, network in (
            *((name, mac, server.rack.network if name == datacenter.NIC else None) for name, mac in server.nics.items()),
            (datacenter.BMC, server.bmc_mac, datacenter.OUT_OF_BAND),
        )
    }
    rows = client.rows("dcim/interfaces", site_id=site, fields="id,name,device,mac_address,untagged_vlan")
    ports = {key: row for row in rows if (key := (row["device"]["name"], row["name"])) in wanted}
    macs = _create_missing(
        client,
        "dcim/mac-addresses",
        "mac_address",
        [
            {"mac_address": mac.upper(), "assigned_object_type": "dcim.interface", "assigned_object_id": ports[key]["id"]}
            for key, (mac, _) in wanted.items()
        ],
    )
    unfinished = [
        {
            "id": ports[key]["id"],
            "primary_mac_address": macs[mac.upper()],
            **({"mode": "access", "untagged_vlan": vlan} if vlan else {}),
            **changelog(MESSAGE),
        }
        for key, (mac, vlan) in wanted.items()
        if ports[key]["mac_address"] is None or (vlan and ports[key]["untagged_vlan"] is None)
    ]
    client.change_all("dcim/interfaces", unfinished)


def _one(client: Client, path: str, key: str, row: Row) -> int:
    """NetBox's id of this object, created if it is missing."""
    return _create_missing(client, path, key, [row])[row[key]]


def _create_missing(client: Client, path: str, key: str, rows: Sequence[Row], **scope: Any) -> dict[Any, int]:
    """{key: NetBox's id} of these objects. Those missing among the ones in scope are created in one request."""
    there = _ids(client.rows_by(path, key, [row[key] for row in rows], **scope), key)
    missing = [{**row, **changelog(MESSAGE)} for row in rows if row[key] not in there]
    return there | _ids(client.create(path, missing), key)


def _ids(rows: Iterable[Row], key: str) -> dict[Any, int]:
    return {row[key]: row["id"] for row in rows}
