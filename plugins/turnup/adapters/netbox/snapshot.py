"""One rack as NetBox has it, read in a few requests whatever the number of its servers.

Requests: rack, devices, interfaces, their addresses, power ports, the site's prefixes, who has the same names, serials and MACs,
and one for each prefix that the rack can use (see `_prefixes`): eleven for a rack with an IPv4 and an out-of-band prefix.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Any

from turnup.adapters.netbox.client import PAGE, Client, Row
from turnup.adapters.netbox.power import read_feeds
from turnup.domain.errors import Refused
from turnup.domain.servers import Address, Interface, Prefix, Server, Snapshot, ip_version

DEVICE_FIELDS = (
    "id,name,serial,asset_tag,position,role,tenant,device_type,status,last_updated,custom_fields,primary_ip4,primary_ip6,oob_ip,"
    "tags"
)
ADDRESS_FIELDS = "id,address,assigned_object_type,assigned_object_id"
DEVICE_INTERFACE = "dcim.interface"
INEXHAUSTIBLE = 2**24  # addresses of a prefix; IPv6 has 2**64
VIRTUAL = {"virtual", "bridge", "lag"}  # interface types that no NIC is


def read_snapshot(client: Client, site: str, rack: str) -> Snapshot:
    """Read the rack (site slug, rack name). Refused: the site or rack is unknown, or two racks have that name."""
    found = _rack(client, site, rack)
    devices = client.rows("dcim/devices", rack_id=found["id"], fields=DEVICE_FIELDS)
    interfaces, addresses = _interfaces(client, found["id"], [device["id"] for device in devices]) if devices else ({}, {})
    feeds = read_feeds(client, found["id"]) if devices else {}
    servers = [
        replace(read_server(device, interfaces.get(device["id"], ()), addresses), feeds=feeds.get(device["id"], ()))
        for device in devices
    ]
    servers.sort(key=lambda server: (server.name, server.id))
    ports = [interface for server in servers for interface in server.interfaces]
    return Snapshot(
        site=site,
        rack=rack,
        rack_id=found["id"],
        rack_status=found["status"]["value"],
        servers=tuple(servers),
        prefixes=_prefixes(client, found["site"]["id"], {port.vlan_id for port in ports if port.vlan_id}),
        same_name=_same_name(client, site, [server.name for server in servers if server.name]),
        same_serial=_same_serial(client, site, [server.serial for server in servers if server.serial]),
        same_mac=_same_mac(client, site, ports),
    )


def read_server(row: Row, interfaces: Sequence[Interface] = (), addresses: Mapping[int, Address] | None = None) -> Server:
    """A device's JSON as a server. An address that is on none of its interfaces (behind NAT) has interface id 0."""

    def address(field: str) -> Address | None:
        nested = row[field]
        if nested is None:
            return None
        return (addresses or {}).get(nested["id"]) or Address(nested["id"], nested["address"], 0)

    custom = row["custom_fields"] or {}
    return Server(
        id=row["id"],
        name=row["name"] or "",
        serial=row["serial"],
        asset_tag=row["asset_tag"] or "",
        position=row["position"],
        role=row["role"]["slug"],
        device_type=row["device_type"]["slug"],
        status=row["status"]["value"],
        version=row["last_updated"],
        claim=custom.get("turnup_claim") or None,
        bmc_certificate=custom.get("turnup_bmc_certificate") or None,
        last_run=custom.get("turnup_last_run") or None,
        interfaces=tuple(interfaces),
        primary_ip4=address("primary_ip4"),
        oob_ip=address("oob_ip"),
        primary_ip6=address("primary_ip6"),
        tenant=(row["tenant"] or {}).get("slug"),
        leaving_since=custom.get("turnup_leaving_since") or None,
        tags=tuple(sorted(tag["slug"] for tag in row.get("tags") or ())),
    )


def read_addresses(rows: Iterable[Row]) -> tuple[Address, ...]:
    """Those that are on interfaces of devices."""
    return tuple(
        Address(row["id"], row["address"], row["assigned_object_id"])
        for row in rows
        if row["assigned_object_type"] == DEVICE_INTERFACE
    )


def _rack(client: Client, site: str, rack: str) -> Row:
    try:
        found = client.rows("dcim/racks", site=site, name=rack, fields="id,name,site,status,location")
    except Refused as refused:  # so NetBox answers where it knows no such site; other refusals are passed on
        slugs = [row["slug"] for row in client.rows("dcim/sites", fields="slug")]
        if site in slugs:
            raise
        raise Refused(f"NetBox has no site {site!r}.", _did_you_mean(site, slugs), cause="site-unknown") from refused
    if not found:
        names = [row["name"] for row in client.rows("dcim/racks", site=site, fields="name")]
        raise Refused(f"Site {site} has no rack {rack!r} in NetBox.", _did_you_mean(rack, names), cause="rack-unknown")
    if len(found) > 1:
        places = ", ".join(sorted((row["location"] or {}).get("name", "no location") for row in found))
        raise Refused(
            f"Site {site} has {len(found)} racks named {rack!r}: {places}.",
            "give each a name of its own in NetBox.",
            cause="rack-ambiguous",
        )
    return found[0]


def _did_you_mean(wanted: str, names: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in names}
    close = [folded[name] for name in get_close_matches(wanted.casefold(), list(folded), n=5, cutoff=0.5)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are: {', '.join(sorted(names)[:20])}." if names else "there is none yet; add it in NetBox."


def _interfaces(client: Client, rack_id: int, devices: Sequence[int]) -> tuple[dict[int, list[Interface]], dict[int, Address]]:
    """{device id: its interfaces}, and {address id: address} of all that is on them."""
    rows = client.rows("dcim/interfaces", rack_id=rack_id, fields="id,name,type,device,mac_address,mgmt_only,untagged_vlan")
    addresses = read_addresses(client.rows_by("ipam/ip-addresses", "device_id", devices, fields=ADDRESS_FIELDS))
    on: dict[int, list[Address]] = defaultdict(list)
    for address in addresses:
        on[address.interface_id].append(address)
    interfaces: dict[int, list[Interface]] = defaultdict(list)
    for row in rows:
        interface = Interface(
            id=row["id"],
            name=row["name"],
            mac=(row["mac_address"] or "").lower() or None,
            mgmt_only=row["mgmt_only"],
            vlan_id=(row["untagged_vlan"] or {}).get("id"),
            addresses=tuple(on[row["id"]]),
            virtual=row["type"]["value"] in VIRTUAL,
        )
        interfaces[row["device"]["id"]].append(interface)
    return interfaces, {address.id: address for address in addresses}


def _prefixes(client: Client, site_id: int, vlans: set[int]) -> tuple[Prefix, ...]:
    """The site's active prefixes that have a role.

    `free` is what NetBox itself would give out, at most 1000; it is 0, uncounted, where the rack can not use the prefix anyway,
    and 1000, uncounted, where the prefix has more addresses than anybody could have used up.
    """
    rows = client.rows("ipam/prefixes", scope_type="dcim.site", scope_id=site_id, status="active", fields="id,prefix,role,vlan")
    rows = [row for row in rows if row["role"]]
    of_role = Counter((row["role"]["slug"], ip_version(row["prefix"])) for row in rows)

    def countable(row: Row) -> bool:
        """An interface's prefix is the one of its role and family on its VLAN or, without a VLAN, the site's only one."""
        return of_role[row["role"]["slug"], ip_version(row["prefix"])] == 1 or (row["vlan"] or {}).get("id") in vlans

    return tuple(
        Prefix(
            id=row["id"],
            cidr=row["prefix"],
            role=row["role"]["slug"],
            vlan_id=(row["vlan"] or {}).get("id"),
            free=_free(client, row) if countable(row) else 0,
        )
        for row in rows
    )


def _free(client: Client, row: Row) -> int:
    if ip_network(row["prefix"]).num_addresses > INEXHAUSTIBLE:
        return PAGE
    return len(client.list_all(f"ipam/prefixes/{row['id']}/available-ips", limit=PAGE))


def _same_name(client: Client, site: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """{name: racks of the site's devices of that name}, upper and lower case alike: a host name knows no difference."""
    rows = client.rows_by("dcim/devices", "name__ie", names, site=site, fields="id,name,rack")
    racks: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows:
        racks[row["name"].casefold()][row["id"]] = f"rack {row['rack']['name']}" if row["rack"] else "no rack"
    return {name: tuple(sorted(racks[name.casefold()].values())) for name in dict.fromkeys(names)}


def _same_serial(client: Client, site: str, serials: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """{serial: names of the devices that have it}; NetBox compares without regard to case, and so do labels."""
    rows = client.rows_by("dcim/devices", "serial", serials, fields="id,name,serial,site")
    holders = {row["id"]: row for row in rows}.values()
    return {
        serial: tuple(sorted(_named(row, site) for row in holders if row["serial"].casefold() == serial.casefold()))
        for serial in dict.fromkeys(serials)
    }


def _same_mac(client: Client, site: str, ports: Sequence[Interface]) -> dict[str, tuple[str, ...]]:
    """{MAC: names of the devices and virtual machines that have it, once for each interface}; a rack's own bonds do not count."""
    macs = list(dict.fromkeys(port.mac for port in ports if port.mac and not port.virtual))
    virtual = {(DEVICE_INTERFACE, port.id) for port in ports if port.virtual}
    rows = client.rows_by("dcim/mac-addresses", "mac_address", macs, fields="id,mac_address,assigned_object,assigned_object_type")
    holders: dict[str, dict[tuple[str, int], Row]] = {mac: {} for mac in macs}
    for row in rows:
        if (port := row["assigned_object"]) is not None and (key := (row["assigned_object_type"], port["id"])) not in virtual:
            holders[row["mac_address"].lower()][key] = port.get("device") or port.get("virtual_machine") or {}
    doubled = [owner["id"] for owners in holders.values() if len(owners) > 1 for owner in owners.values() if "id" in owner]
    sites = {row["id"]: row for row in client.rows_by("dcim/devices", "id", doubled, fields="id,site")}
    return {
        mac: tuple(sorted(_named({**owner, **sites.get(owner.get("id"), {})}, site) for owner in owners.values()))
        for mac, owners in holders.items()
    }


def _named(row: Mapping[str, Any], site: str) -> str:
    """A device by its name, and by its site where that is another one: the name may be the same there."""
    name = str(row.get("name") or row.get("display") or f"device {row.get('id')}")
    elsewhere = (row.get("site") or {}).get("slug", site)
    return name if elsewhere == site else f"{name} at site {elsewhere}"
