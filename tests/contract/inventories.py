"""The same small rack in a fake and in a real NetBox, for the contract suite of the Inventory port.

One rack: two servers, and a power strip without serial number. Another rack of the site: a spare that shares the second server's
serial number and the MAC of its eth0. A management prefix and an out-of-band prefix with five free addresses each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from secrets import randbelow, token_hex

from turnup.adapters.netbox.client import Client, Row
from turnup.adapters.netbox.inventory import CUSTOM_FIELDS, NetBoxInventory
from turnup.domain.servers import Interface, Prefix, Server, Snapshot
from turnup.fakes.inventory import FakeInventory
from turnup.ports import Inventory

MESSAGE = "contract test"
FREE = 5  # of a /29: six hosts, one of them the gateway


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
            journal=journal,
        )


def fake() -> World:
    """The world in memory."""
    names = Names("0a0b0c0d", "198.19.0.0")
    world = names.world(FakeInventory(), lambda _: [])

    def device(key: int, name: str, serial: str, ports: tuple[Interface, ...], kind: str = "metal") -> Server:
        return Server(key, name, serial, f"asset-{name}", float(key), "edge", kind, "planned", "0", interfaces=ports)

    def ports(key: int, eth0: str, bmc: str) -> tuple[Interface, ...]:
        return (Interface(key, "eth0", eth0, False, 1), Interface(key + 1, "bmc", bmc, True, 2))

    first = device(1, world.first, world.serials[0], ports(11, *world.macs[:2]))
    second = device(2, world.second, world.serials[1], ports(21, *world.macs[2:]))
    strip = device(3, world.strip, "", (), "strip")
    spare = device(4, world.spare, world.serials[1], ports(41, world.macs[2], names.mac(5)))
    prefixes = (Prefix(1, world.management, "management", 1, FREE), Prefix(2, world.out_of_band, "out-of-band", 2, FREE))
    inventory = FakeInventory(
        Snapshot(world.site, world.rack, 1, "planned", (second, first, strip), prefixes),
        Snapshot(world.site, "R2", 2, "planned", (spare,), prefixes),
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
        self.world = names.world(NetBoxInventory(client), self._journal)

    def reset(self) -> None:
        """Back to as it was built: all planned, no claim, no address, no journal."""
        client = self._client
        self._delete_addresses()
        devices = client.rows("dcim/devices", site=self.world.site, fields="id")
        fresh: Row = {"status": "planned", "custom_fields": dict.fromkeys(CUSTOM_FIELDS.values())}
        client.change_all("dcim/devices", [{"id": row["id"], **fresh} for row in devices])
        racks = client.rows("dcim/racks", site=self.world.site, fields="id")
        client.change_all("dcim/racks", [{"id": row["id"], "status": "planned"} for row in racks])
        ids = [row["id"] for row in devices]
        journal = client.rows("extras/journal-entries", assigned_object_type="dcim.device", assigned_object_id=ids, fields="id")
        client.delete("extras/journal-entries", [row["id"] for row in journal], MESSAGE)

    def delete(self) -> None:
        self._delete_addresses()
        for path, keys in reversed(self._made):
            self._client.delete(path, keys, MESSAGE)

    def _delete_addresses(self) -> None:
        """Those on interfaces; the gateways' stay."""
        parent = f"{self._names.network}/28"
        on = self._client.rows("ipam/ip-addresses", parent=parent, assigned_to_interface="true", fields="id")
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
        [site] = self._make("dcim/sites", named)
        scope: Row = {"scope_type": "dcim.site", "scope_id": site}
        [group] = self._make("ipam/vlan-groups", {**named, **scope})
        vlans = self._make("ipam/vlans", *({"vid": vid, "name": f"{names.tag}-{vid}", "group": group} for vid in (1, 2)))
        ids = {row["slug"]: row["id"] for row in client.rows("ipam/roles", slug=["management", "out-of-band"])}
        roles = (ids["management"], ids["out-of-band"])
        cidrs = (world.management, world.out_of_band)
        prefixes = zip(cidrs, roles, vlans, strict=True)
        self._make("ipam/prefixes", *({"prefix": one, "role": role, "vlan": vlan, **scope} for one, role, vlan in prefixes))
        self._make("ipam/ip-addresses", *({"address": f"{ip_network(one)[1]}/29"} for one in cidrs))
        [maker] = self._make("dcim/manufacturers", named)
        [role] = self._make("dcim/device-roles", named)
        types = (
            {"manufacturer": maker, "model": f"{one} {names.tag}", "slug": f"{one}-{names.tag}"} for one in ("metal", "strip")
        )
        metal, strip = self._make("dcim/device-types", *types)
        template: Row = {"device_type": metal, "type": "1000base-t"}
        bmc: Row = {**template, "name": "bmc", "mgmt_only": True}
        self._make("dcim/interface-templates", {**template, "name": "eth0"}, bmc)
        racks = self._make("dcim/racks", *({"name": name, "site": site, "status": "planned"} for name in (world.rack, "R2")))
        devices = (
            (world.second, world.serials[1], metal, racks[0]),
            (world.first, world.serials[0], metal, racks[0]),
            (world.strip, "", strip, racks[0]),
            (world.spare, world.serials[1], metal, racks[1]),
        )
        common: Row = {"site": site, "role": role, "status": "planned"}
        rows = (
            {**common, "name": name, "serial": serial, "device_type": kind, "rack": rack, "asset_tag": f"asset-{name}"}
            for name, serial, kind, rack in devices
        )
        self._make("dcim/devices", *rows)
        ports = {
            (row["device"]["name"], row["name"]): int(row["id"])
            for row in client.rows("dcim/interfaces", site=world.site, fields="id,name,device")
        }
        macs = {
            (world.first, "eth0"): world.macs[0],
            (world.first, "bmc"): world.macs[1],
            (world.second, "eth0"): world.macs[2],
            (world.second, "bmc"): world.macs[3],
            (world.spare, "eth0"): world.macs[2],
            (world.spare, "bmc"): names.mac(5),
        }
        on: Row = {"assigned_object_type": "dcim.interface"}
        created = self._make(
            "dcim/mac-addresses", *({"mac_address": mac, "assigned_object_id": ports[key], **on} for key, mac in macs.items())
        )
        vlan_of = {"eth0": vlans[0], "bmc": vlans[1]}
        client.change_all(
            "dcim/interfaces",
            [
                {"id": ports[key], "primary_mac_address": mac, "mode": "access", "untagged_vlan": vlan_of[key[1]]}
                for key, mac in zip(macs, created, strict=True)
            ],
        )
