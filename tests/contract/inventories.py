"""The same small rack in a fake and in a real NetBox, for the contract suite of the Inventory port.

One rack: two servers, and a power strip without serial number. The second server is a tenant's; the first one's NIC is in a bond.
Another rack of the site: a spare that shares the second server's serial number and the MAC of its eth0, and one of the second's
name in upper case. Another site: a rack and a device of the same names; that device shares the MAC of the second one's BMC. There
too: a rack with an odd name.
A management prefix of each family, and an out-of-band prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_network
from secrets import randbelow, token_hex

from turnup.adapters.netbox.client import Client, Row
from turnup.adapters.netbox.inventory import CUSTOM_FIELDS, NetBoxInventory
from turnup.domain.servers import Interface, Prefix, Server, Snapshot
from turnup.fakes.inventory import FakeInventory
from turnup.ports import Inventory

MESSAGE = "contract test"
ELSEWHERE = "elsewhere"
ODD_RACK = "Räck 1/2, 100% *&?=#+'\"<b>"
FREE = 5  # of a /29: six hosts, one of them the gateway
FREE_IPV6 = 6  # of a /125: seven hosts, one of them the gateway


@dataclass(frozen=True)
class World:
    """An inventory, how its objects are called, and what the port itself does not show."""

    inventory: Inventory
    site: str
    rack: str
    first: str
    second: str
    strip: str
    spare: str
    serials: tuple[str, str]
    macs: tuple[str, str, str, str]  # eth0 and bmc of the first, eth0 and bmc of the second
    management: str
    out_of_band: str
    ipv6: str
    role: str
    tenant: str
    other_site: str
    journal: Callable[[int], list[tuple[str, str]]]

    def snapshot(self) -> Snapshot:
        return self.inventory.snapshot(self.site, self.rack)

    def server(self, name: str) -> Server:
        return next(server for server in self.snapshot().servers if server.name == name)

    @cached_property
    def prefix_ids(self) -> Mapping[str, int]:
        return {prefix.cidr: prefix.id for prefix in self.snapshot().prefixes}

    def prefix(self, cidr: str) -> Prefix:
        return next(prefix for prefix in self.snapshot().prefixes if prefix.cidr == cidr)


@dataclass(frozen=True)
class Names:
    """Names that no other test uses."""

    tag: str
    network: str

    @classmethod
    def new(cls) -> Names:
        return cls(token_hex(4), f"198.19.{randbelow(256)}.{randbelow(16) * 16}")

    def mac(self, number: int) -> str:
        pairs = [self.tag[index : index + 2] for index in (0, 2, 4)]
        return ":".join(("02", "19", *pairs, f"{number:02x}"))

    def prefixes(self) -> tuple[str, str]:
        first, last = self.network.rsplit(".", maxsplit=1)
        return f"{self.network}/29", f"{first}.{int(last) + 8}/29"

    def ipv6(self) -> str:
        return f"fd19:{self.tag[:4]}:{self.tag[4:]}::/125"

    def world(self, inventory: Inventory, journal: Callable[[int], list[tuple[str, str]]]) -> World:
        return World(
            inventory=inventory,
            site=f"contract-{self.tag}",
            rack="R1",
            first=f"{self.tag}-n1",
            second=f"{self.tag}-n2",
            strip=f"{self.tag}-pdu",
            spare=f"{self.tag}-spare",
            serials=(f"S1{self.tag}", f"S2{self.tag}"),
            macs=(self.mac(1), self.mac(2), self.mac(3), self.mac(4)),
            management=self.prefixes()[0],
            out_of_band=self.prefixes()[1],
            ipv6=str(ip_network(self.ipv6())),
            role=f"role-{self.tag}",
            tenant=f"tenant-{self.tag}",
            other_site=f"contract-{self.tag}-b",
            journal=journal,
        )


def fake() -> World:
    """The world in memory."""
    names = Names("0a0b0c0d", "198.19.0.0")
    world = names.world(FakeInventory(), lambda _: [])

    def device(key: int, name: str, serial: str, ports: tuple[Interface, ...], kind: str = "metal") -> Server:
        return Server(key, name, serial, f"asset-{name}", float(key), world.role, kind, "planned", "0", interfaces=ports)

    def ports(key: int, eth0: str, bmc: str) -> tuple[Interface, ...]:
        return (Interface(key, "eth0", eth0, False, 1), Interface(key + 1, "bmc", bmc, True, 2))

    bond = Interface(19, "bond0", world.macs[0], False, None, virtual=True)
    first = device(1, world.first, world.serials[0], (*ports(11, *world.macs[:2]), bond))
    second = replace(device(2, world.second, world.serials[1], ports(21, *world.macs[2:])), tenant=world.tenant)
    strip = device(3, world.strip, "", (), "strip")
    spare = device(4, world.spare, world.serials[1], ports(41, world.macs[2], names.mac(5)))
    twin = device(5, world.second.upper(), "", ())
    elsewhere = device(6, world.first, f"S3{names.tag}", ports(61, names.mac(7), world.macs[3]))
    prefixes = (
        Prefix(1, world.management, "management", 1, FREE),
        Prefix(2, world.out_of_band, "out-of-band", 2, FREE),
        Prefix(3, world.ipv6, "management", 1, FREE_IPV6),
    )
    inventory = FakeInventory(
        Snapshot(world.site, world.rack, 1, "planned", (second, first, strip), prefixes),
        Snapshot(world.site, "R2", 2, "planned", (spare, twin), prefixes),
        Snapshot(world.other_site, world.rack, 3, "planned", (elsewhere,), ()),
        Snapshot(world.other_site, ODD_RACK, 4, "planned", (), ()),
    )
    return names.world(inventory, lambda key: [(one.kind, one.comments) for one in inventory.journal if one.device_id == key])


@contextmanager
def real(client: Client) -> Iterator[RealWorld]:
    """The world in a NetBox, deleted afterwards."""
    built = RealWorld(client, Names.new())
    try:
        built.build()
        yield built
    finally:
        built.delete()


class RealWorld:
    """What was made in NetBox for one world, in the order it was made."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client = client
        self._names = names
        self._made: list[tuple[str, list[int]]] = []
        self._changes = 0
        self.world = names.world(NetBoxInventory(client), self._journal)

    def reset(self) -> None:
        """Back to as it was built: all planned, no claim, no address, no journal. After a test that only read, one request."""
        client = self._client
        if self._last_change() == self._changes:
            return
        self._delete_addresses()
        devices = client.rows("dcim/devices", site=self.world.site, fields="id,status,custom_fields,tags")
        fresh: Row = {"status": "planned", "custom_fields": dict.fromkeys(CUSTOM_FIELDS.values()), "tags": []}
        client.change_all("dcim/devices", [{"id": row["id"], **fresh} for row in devices if _is_touched(row)])
        racks = client.rows("dcim/racks", site=self.world.site, fields="id,status")
        touched = [row["id"] for row in racks if row["status"]["value"] != "planned"]
        client.change_all("dcim/racks", [{"id": key, "status": "planned"} for key in touched])
        ids = [row["id"] for row in devices]
        journal = client.rows("extras/journal-entries", assigned_object_type="dcim.device", assigned_object_id=ids, fields="id")
        client.delete("extras/journal-entries", [row["id"] for row in journal], MESSAGE)
        self._changes = self._last_change()

    def _last_change(self) -> int:
        """The newest entry of NetBox's changelog."""
        return int(self._client.rows("core/object-changes", at_most=1, ordering="-id", fields="id")[0]["id"])

    def delete(self) -> None:
        self._delete_addresses()
        for path, keys in reversed(self._made):
            self._client.delete(path, keys, MESSAGE)

    def _delete_addresses(self) -> None:
        """Those on interfaces, and those that were; the gateways' stay."""
        parents = [f"{self._names.network}/28", self._names.ipv6()]
        on = self._client.rows("ipam/ip-addresses", parent=parents, assigned_to_interface="true", fields="id")
        on += self._client.rows("ipam/ip-addresses", parent=parents, status="deprecated", fields="id")
        self._client.delete("ipam/ip-addresses", [row["id"] for row in on], MESSAGE)

    def _journal(self, key: int) -> list[tuple[str, str]]:
        rows = self._client.rows("extras/journal-entries", assigned_object_type="dcim.device", assigned_object_id=key)
        return [(row["kind"]["value"], row["comments"]) for row in rows]

    def _make(self, path: str, *rows: Row) -> list[int]:
        keys = [int(row["id"]) for row in self._client.create(path, rows)]
        self._made.append((path, keys))
        return keys

    def build(self) -> None:
        client, names, world = self._client, self._names, self.world
        named: Row = {"name": world.site, "slug": world.site}
        site, other_site = self._make("dcim/sites", named, {"name": world.other_site, "slug": world.other_site})
        scope: Row = {"scope_type": "dcim.site", "scope_id": site}
        [group] = self._make("ipam/vlan-groups", {**named, **scope})
        vlans = self._make("ipam/vlans", *({"vid": vid, "name": f"{names.tag}-{vid}", "group": group} for vid in (1, 2)))
        ids = {row["slug"]: row["id"] for row in client.rows("ipam/roles", slug=["management", "out-of-band"])}
        roles = (ids["management"], ids["out-of-band"])
        cidrs = (world.management, world.out_of_band, world.ipv6)
        prefixes = zip(cidrs, (*roles, roles[0]), (*vlans, vlans[0]), strict=True)
        self._make("ipam/prefixes", *({"prefix": one, "role": role, "vlan": vlan, **scope} for one, role, vlan in prefixes))
        gateways = [(ip_network(one)[1], ip_network(one).prefixlen) for one in cidrs]
        self._make("ipam/ip-addresses", *({"address": f"{gateway}/{length}"} for gateway, length in gateways))
        [maker] = self._make("dcim/manufacturers", named)
        [role] = self._make("dcim/device-roles", {"name": world.role, "slug": world.role})
        [tenant] = self._make("tenancy/tenants", {"name": world.tenant, "slug": world.tenant})
        types = (
            {"manufacturer": maker, "model": f"{one} {names.tag}", "slug": f"{one}-{names.tag}"} for one in ("metal", "strip")
        )
        metal, strip = self._make("dcim/device-types", *types)
        template: Row = {"device_type": metal, "type": "1000base-t"}
        bmc: Row = {**template, "name": "bmc", "mgmt_only": True}
        self._make("dcim/interface-templates", {**template, "name": "eth0"}, bmc)
        places = ((world.rack, site), ("R2", site), (world.rack, other_site), (ODD_RACK, other_site))
        here, beside, there, _ = self._make(
            "dcim/racks", *({"name": name, "site": at, "status": "planned"} for name, at in places)
        )
        common: Row = {"site": site, "role": role, "status": "planned", "device_type": metal}
        devices: tuple[Row, ...] = (
            {"name": world.second, "serial": world.serials[1], "rack": here, "tenant": tenant},
            {"name": world.first, "serial": world.serials[0], "rack": here},
            {"name": world.strip, "device_type": strip, "rack": here},
            {"name": world.spare, "serial": world.serials[1], "rack": beside},
            {"name": world.second.upper(), "device_type": strip, "rack": beside},
            {"name": world.first, "serial": f"S3{names.tag}", "rack": there, "site": other_site},
        )
        tagged = ({"asset_tag": f"asset-{one['name']}"} if one.get("site", site) == site else {} for one in devices)
        made = self._make("dcim/devices", *({**common, **one, **tag} for one, tag in zip(devices, tagged, strict=True)))
        [bond] = self._make("dcim/interfaces", {"device": made[1], "name": "bond0", "type": "lag"})
        ports = {
            (row["device"]["name"], row["name"]): int(row["id"])
            for row in client.rows("dcim/interfaces", site=world.site, fields="id,name,device")
        }
        [elsewhere] = client.rows("dcim/interfaces", device_id=made[-1], name="bmc", fields="id")
        macs = {
            (world.first, "eth0"): world.macs[0],
            (world.first, "bmc"): world.macs[1],
            (world.second, "eth0"): world.macs[2],
            (world.second, "bmc"): world.macs[3],
            (world.spare, "eth0"): world.macs[2],
            (world.spare, "bmc"): names.mac(5),
        }
        ports |= {(world.first, "bond0"): bond, (ELSEWHERE, "bmc"): elsewhere["id"]}
        macs |= {(world.first, "bond0"): world.macs[0], (ELSEWHERE, "bmc"): world.macs[3]}
        on: Row = {"assigned_object_type": "dcim.interface"}
        created = self._make(
            "dcim/mac-addresses", *({"mac_address": mac, "assigned_object_id": ports[key], **on} for key, mac in macs.items())
        )
        vlan_of = {"eth0": vlans[0], "bmc": vlans[1]}
        access: dict[tuple[str, str], Row] = {
            (device, name): {"mode": "access", "untagged_vlan": vlan_of[name]}
            for device, name in macs
            if name in vlan_of and device != ELSEWHERE
        }
        client.change_all(
            "dcim/interfaces",
            [
                {"id": ports[key], "primary_mac_address": mac, **access.get(key, {})}
                for key, mac in zip(macs, created, strict=True)
            ],
        )


def _is_touched(device: Row) -> bool:
    """Whether a test wrote to it."""
    fields = (device["custom_fields"][name] for name in CUSTOM_FIELDS.values())
    return device["status"]["value"] != "planned" or bool(device["tags"]) or any(one is not None for one in fields)
