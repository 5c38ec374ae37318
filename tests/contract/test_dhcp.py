"""What every Dhcp does: one suite over the fake and the lab's Kea."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from secrets import token_hex
from typing import Any

import pytest

from turnup.adapters.dhcp.kea_control import OK, KeaControl
from turnup.adapters.dhcp.kea_hosts_database import KeaHostsDatabase
from turnup.domain.errors import Refused
from turnup.fakes.dhcp import FakeDhcp
from turnup.ports import Dhcp, Lease, Reservation

SUBNETS = {"198.19.1.0/24": 1, "198.19.2.0/24": 2}


@dataclass(frozen=True)
class World:
    """A DHCP server with two subnets, and two reservations to make in the first, for MACs that nobody else has."""

    dhcp: Dhcp
    first: Reservation
    second: Reservation
    elsewhere: Reservation
    gives: Callable[[Reservation], None]

    def reserved(self) -> tuple[Reservation, ...]:
        return self.dhcp.reservations([self.first.mac, self.second.mac])


def world_of(dhcp: Dhcp, gives: Callable[[Reservation], None]) -> World:
    (prefix, subnet), (other_prefix, other_subnet) = sorted(dhcp.subnets().items())[:2]
    tag = token_hex(3)
    macs = [":".join(("02", "1a", tag[0:2], tag[2:4], tag[4:6], number)) for number in ("01", "02")]
    network, other = ip_network(prefix), ip_network(other_prefix)
    return World(
        dhcp,
        Reservation(subnet, macs[0], str(network[-3]), "n1.contract.example", "http://198.19.0.1/boot/x.ipxe"),
        Reservation(subnet, macs[1], str(network[-4]), "n2.contract.example"),
        Reservation(other_subnet, macs[0], str(other[-3]), "n1.contract.example"),
        gives,
    )


@pytest.fixture
def kea(endpoints: Mapping[str, Any]) -> Mapping[str, str]:
    sites: Mapping[str, Mapping[str, str]] = endpoints["dhcp"]
    return next(iter(sites.values()))


def give(kea: Mapping[str, str], one: Reservation) -> None:
    """What Kea notes when the MAC asks for its address."""
    control = KeaControl(kea["control_url"], kea["control_username"], kea["control_password"], 10)
    lease = {"ip-address": one.ip, "hw-address": one.mac, "subnet-id": one.subnet_id}
    assert control.command("lease4-add", lease)[0] == OK


@pytest.fixture(params=["fake", "kea"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        fake = FakeDhcp(SUBNETS)
        yield world_of(fake, lambda one: fake.given.update({(one.subnet_id, one.mac): Lease(one.mac, one.ip, datetime.now(UTC))}))
        return
    kea = request.getfixturevalue("kea")
    dhcp = KeaHostsDatabase(kea["control_url"], kea["control_username"], kea["control_password"], kea["database"])
    world = world_of(dhcp, partial(give, kea))
    try:
        yield world
    finally:
        dhcp.release([world.first, world.second, world.elsewhere])


def test_what_is_reserved_is_found_by_its_macs_and_twice_equals_once(world: World) -> None:
    world.dhcp.reserve([world.first, world.second])
    world.dhcp.reserve([world.first, world.second])
    assert world.reserved() == (world.first, world.second)
    assert world.dhcp.reservations([world.second.mac]) == (world.second,)


def test_a_new_reservation_takes_the_place_of_the_macs_old_one_in_that_subnet_only(world: World) -> None:
    changed = replace(world.first, ip=world.second.ip, hostname="n3.contract.example", boot_file=None)
    world.dhcp.reserve([world.first, world.elsewhere])
    world.dhcp.reserve([changed])
    assert set(world.reserved()) == {changed, world.elsewhere}


def test_two_macs_may_swap_their_addresses(world: World) -> None:
    world.dhcp.reserve([world.first, world.second])
    swapped = replace(world.first, ip=world.second.ip), replace(world.second, ip=world.first.ip)
    world.dhcp.reserve(swapped)
    assert world.reserved() == swapped


@pytest.mark.parametrize("wrong", ["outside", "unknown subnet", "taken"])
def test_all_are_refused_when_one_is_wrong(world: World, wrong: str) -> None:
    bad = {
        "outside": replace(world.second, ip="203.0.113.7"),
        "unknown subnet": replace(world.second, subnet_id=4_000_000),
        "taken": replace(world.second, ip=world.first.ip),
    }[wrong]
    with pytest.raises(Refused, match=world.second.mac if wrong != "taken" else None):
        world.dhcp.reserve([world.first, bad])
    assert world.reserved() == ()


def test_an_address_that_another_mac_has_is_refused(world: World) -> None:
    world.dhcp.reserve([world.first])
    with pytest.raises(Refused):
        world.dhcp.reserve([replace(world.second, ip=world.first.ip)])
    assert world.reserved() == (world.first,)


def test_release_twice_equals_once_and_leaves_the_others(world: World) -> None:
    world.dhcp.reserve([world.first, world.second])
    world.dhcp.release([world.first])
    world.dhcp.release([world.first])
    assert world.reserved() == (world.second,)


def test_nothing_to_do_is_no_error(world: World) -> None:
    world.dhcp.reserve([])
    world.dhcp.release([])
    assert world.dhcp.reservations([]) == ()
    assert world.dhcp.leases([]) == ()


def test_a_mac_that_was_given_an_address_has_a_lease_that_says_when(world: World) -> None:
    world.dhcp.reserve([world.first, world.second])
    assert world.dhcp.leases([world.first.mac, world.second.mac]) == ()
    world.gives(world.first)
    (lease,) = world.dhcp.leases([world.first.mac, world.second.mac])
    assert (lease.mac, lease.ip) == (world.first.mac, world.first.ip)
    assert abs(datetime.now(UTC) - lease.seen) < timedelta(seconds=30)


def test_with_the_reservation_the_lease_is_gone(world: World) -> None:
    world.dhcp.reserve([world.first])
    world.gives(world.first)
    world.dhcp.release([world.first])
    assert world.dhcp.leases([world.first.mac]) == ()


def test_all_that_is_reserved_and_given_is_listed(world: World) -> None:
    world.dhcp.reserve([world.first, world.second])
    world.gives(world.first)
    everything = world.dhcp.every_reservation()
    assert {world.first, world.second} <= set(everything)
    assert list(everything) == sorted(everything, key=lambda one: (one.mac, one.subnet_id))
    assert (world.first.mac, world.first.ip) in {(one.mac, one.ip) for one in world.dhcp.every_lease()}
    world.dhcp.release([world.first, world.second])
    assert not {world.first, world.second} & set(world.dhcp.every_reservation())
    assert world.first.mac not in {one.mac for one in world.dhcp.every_lease()}
