"""A healthy site, as an audit finds it: live servers, a planned one, one that left, and somebody else's switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from tests.unit.domain import worlds
from turnup.domain.facts import Assigned, BmcSeen, Device, Estate, Facts, Rack, SitePrefix, Tried
from turnup.domain.leases import Lease, Reservation
from turnup.domain.servers import Address, Interface, Server
from turnup.domain.states import Status

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIVE, PLANNED, LEFT = 4, 5, 6
"""How many live servers there are; the numbers of the planned one and of the one that left."""

PREFIXES = (SitePrefix(1, "10.0.1.0/24", "management"), SitePrefix(2, "10.0.9.0/24", "out-of-band"))
SUBNETS = worlds.DHCP_SUBNETS
GATEWAY = Assigned(800, "10.0.1.1/24", "active", description="Gateway")


def certificate(number: int) -> str:
    return f"{number:064x}"


def device(server: Server, rack: str = "A") -> Device:
    return Device(server, rack, {"A": 7, "B": 8}[rack], "front")


def live(number: int, **differs: Any) -> Server:
    """Server a<number>, installed and in service."""
    return worlds.live(number, bmc_certificate=certificate(number), **differs)


def facts(count: int = LIVE) -> Facts:
    """All of it. Servers are numbered from 1; those in rack A are live, in rack B one is planned and one left."""
    servers = [live(number) for number in range(1, count + 1)]
    others = [
        worlds.server(PLANNED, position=5.0) if count == LIVE else None,
        worlds.server(LEFT, position=6.0, status=Status.INVENTORY) if count == LIVE else None,
        worlds.server(7, position=42.0, role="switch", device_type="unknown", serial="", name="sw1") if count == LIVE else None,
    ]
    devices = (*map(device, servers), *(device(one, "B") for one in others if one))
    return Facts(
        policy=worlds.POLICY,
        now=NOW,
        estate=Estate(
            "here",
            devices,
            (Rack(7, "A", "active"), Rack(8, "B", "planned")),
            PREFIXES,
            addresses=(GATEWAY, *(assigned(one) for server in servers for one in _addresses(server))),
        ),
        subnets=SUBNETS,
        reservations=tuple(one for server in servers for one in reservations(server)),
        leases=tuple(Lease(server.interfaces[0].mac or "", server.interfaces[0].addresses[0].ip, NOW) for server in servers),
        accepted_keys=frozenset(minion(server) for server in servers),
        asked=frozenset(minion(server) for server in servers),
        answering=frozenset(minion(server) for server in servers),
        tried={minion(servers[0]): Tried(macs=frozenset({servers[0].interfaces[0].mac or ""}))},
        bmcs={
            server.id: BmcSeen(server.bmc_certificate, "", True, server.serial, "On", "OK", factory=False) for server in servers
        },
        knocked=frozenset(server.id for server in servers),
        open=frozenset(server.id for server in servers),
    )


def minion(server: Server) -> str:
    return f"{server.name}.here.example"


def assigned(address: Address) -> Assigned:
    return Assigned(address.id, address.cidr, "active", address.interface_id)


def reservations(server: Server) -> tuple[Reservation, Reservation]:
    nic, bmc = server.interfaces[:2]
    mac = nic.mac or ""
    return (
        Reservation(101, mac, nic.addresses[0].ip, minion(server), f"http://boot/boot/{mac}.ipxe"),
        Reservation(109, bmc.mac or "", bmc.addresses[0].ip, f"{server.name}-bmc.here.example"),
    )


def _addresses(server: Server) -> tuple[Address, ...]:
    return tuple(one for port in server.interfaces for one in port.addresses)


def with_server(before: Facts, name: str, change: Callable[[Server], Server]) -> Facts:
    """The same, but for this device."""
    devices = tuple(replace(one, server=change(one.server)) if one.name == name else one for one in before.estate.devices)
    return replace(before, estate=replace(before.estate, devices=devices))


def with_port(before: Facts, name: str, port: str, change: Callable[[Interface], Interface]) -> Facts:
    """The same, but for this interface of this device."""
    return with_server(
        before,
        name,
        lambda server: replace(server, interfaces=tuple(change(one) if one.name == port else one for one in server.interfaces)),
    )


def with_bmc(before: Facts, number: int, **differs: Any) -> Facts:
    """The same, but for what this BMC showed."""
    return replace(before, bmcs={**before.bmcs, number: replace(before.bmcs[number], **differs)})


def with_reservation(before: Facts, of: str, **differs: Any) -> Facts:
    """The same, but for the reservation of this address."""
    return replace(before, reservations=tuple(replace(one, **differs) if one.ip == of else one for one in before.reservations))


def with_more(before: Facts, *addresses: Assigned) -> Facts:
    """The same, with more addresses in NetBox."""
    return replace(before, estate=replace(before.estate, addresses=(*before.estate.addresses, *addresses)))


def nearly_full(before: Facts, count: int = 224) -> Facts:
    """The same, with so many more addresses of the management prefix taken."""
    first = int(ip_address("10.0.1.2"))
    used = {one.ip for one in before.estate.addresses}
    free = [str(ip_address(first + number)) for number in range(253) if str(ip_address(first + number)) not in used]
    return with_more(before, *(Assigned(5000 + index, f"{ip}/24", "active") for index, ip in enumerate(free[:count])))
