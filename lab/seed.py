"""Fills NetBox with the lab's data center as on the day the servers were mounted: all `planned`, none with an address.

Creates what is missing and changes nothing that is there, except what a former seed left half done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lab import datacenter
from turnup.adapters.netbox.client import Client, Row, changelog
from turnup.adapters.netbox.definitions import read_definitions
from turnup.adapters.netbox.ensure import ensure

MESSAGE = "lab seed"
TIMEOUT = 60.0  # seconds; NetBox creates about seven devices a second


def seed(url: str, token: str) -> None:
    """Bring NetBox to the lab's data center. Doing it again writes nothing."""
    client = Client(url, token, timeout=TIMEOUT)
    ensure(client, read_definitions())
    site = _one(client, "dcim/sites", "slug", {"name": datacenter.SITE_NAME, "slug": datacenter.SITE, "status": "active"})
    vlans = _networks(client, site)
    _servers(client, site)
    _ports(client, site, vlans)


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
                "prefix": str(network.prefix),
                "status": "active",
                "scope_type": "dcim.site",
                "scope_id": site,
                "role": roles[network.role],
                "vlan": vlans[network.vlan_id],
            }
            for network in datacenter.NETWORKS
        ],
    )
    _create_missing(
        client,
        "ipam/ip-addresses",
        "address",
        [
            {
                "address": f"{network.gateway}/{network.prefix.prefixlen}",
                "status": "active",
                "description": f"Gateway of {network.bridge}",
            }
            for network in datacenter.NETWORKS
        ],
    )
    return vlans


def _servers(client: Client, site: int) -> None:
    """Racks, the hardware generation's device type, and the servers in the racks; each gets its interfaces from the type."""
    slug = datacenter.MANUFACTURER.lower()
    manufacturer = _one(client, "dcim/manufacturers", "slug", {"name": datacenter.MANUFACTURER, "slug": slug})
    model = {"manufacturer": manufacturer, "model": datacenter.DEVICE_TYPE, "slug": datacenter.DEVICE_TYPE, "u_height": 1}
    device_type = _one(client, "dcim/device-types", "slug", model)
    templates = [
        {"device_type": device_type, "name": datacenter.NIC, "type": "1000base-t"},
        {"device_type": device_type, "name": datacenter.BMC, "type": "1000base-t", "mgmt_only": True},
    ]
    _create_missing(client, "dcim/interface-templates", "name", templates, device_type_id=device_type)
    role = {"name": datacenter.ROLE.capitalize(), "slug": datacenter.ROLE, "color": "2196f3"}
    role_id = _one(client, "dcim/device-roles", "slug", role)
    racks = _create_missing(
        client,
        "dcim/racks",
        "name",
        [{"name": rack.name, "site": site, "u_height": 42, "status": "planned"} for rack in datacenter.RACKS],
        site_id=site,
    )
    _create_missing(
        client,
        "dcim/devices",
        "name",
        [
            {
                "name": server.name,
                "serial": server.serial,
                "asset_tag": server.asset_tag,
                "site": site,
                "rack": racks[server.rack.name],
                "position": server.unit,
                "face": "front",
                "role": role_id,
                "device_type": device_type,
                "status": "planned",
            }
            for server in datacenter.SERVERS
        ],
        site_id=site,
    )


def _ports(client: Client, site: int, vlans: dict[int, int]) -> None:
    """Every port's MAC address, as NetBox's own object, and its untagged VLAN."""
    wanted = {
        (server.name, name): (mac, vlans[network.vlan_id])
        for server in datacenter.SERVERS
        for name, mac, network in (
            (datacenter.NIC, server.mac, server.rack.network),
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
            "mode": "access",
            "untagged_vlan": vlan,
            **changelog(MESSAGE),
        }
        for key, (mac, vlan) in wanted.items()
        if ports[key]["mac_address"] is None or ports[key]["untagged_vlan"] is None
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
