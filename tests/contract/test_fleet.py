"""The whole fleet from a real NetBox: what the Racks page is made of, and that changes are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.inventories import ODD_RACK, RealWorld, real
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.fleet import NetBoxFleet
from turnup.domain.fleet import Device, Fleet
from turnup.ports import DeviceWrite


@pytest.fixture
def client(endpoints: dict[str, Any]) -> Client:
    return Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)


@pytest.fixture(scope="module")
def built(endpoints: dict[str, Any]) -> Iterator[RealWorld]:
    with real(Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)) as found:
        yield found


def named(fleet: Fleet, site: str, name: str) -> Device:
    return next(one for one in fleet.devices.values() if one.site == site and one.name == name)


def test_racks_and_devices_are_told_as_they_are(built: RealWorld, client: Client) -> None:
    world, fleet = built.world, NetBoxFleet(client).whole()
    assert {world.site, world.other_site} <= {site.slug for site in fleet.sites}
    assert [rack.name for rack in fleet.racks_of[world.site]] == [world.rack, "R2"]
    assert fleet.named(world.other_site, ODD_RACK)
    device = named(fleet, world.site, world.second)
    rack = fleet.racks[device.rack_id or 0]
    assert (rack.name, rack.units, rack.lowest, rack.descending, rack.status) == (world.rack, 42, 1, False, "planned")
    assert (device.serial, device.role, device.tenant) == (world.serials[1], world.role, world.tenant)
    assert (device.status, device.position, device.height, device.full_depth, device.claim) == ("planned", None, 1, True, None)
    assert {one.name for one in fleet.in_rack[rack.id]} == {world.first, world.second, world.strip}


def test_a_change_is_told_and_nothing_else(built: RealWorld, client: Client) -> None:
    world, facts = built.world, NetBoxFleet(client)
    fleet = facts.whole()
    read = world.server(world.first)
    change = DeviceWrite(status="failed", claim="server_install/run", cause="boot: it is silent.", last_run="server_install/run")
    world.inventory.write(read.id, read.version, change, "contract test")
    later = facts.since(fleet)
    device = named(later, world.site, world.first)
    assert (device.status, device.claim, device.cause) == ("failed", "server_install/run", "boot: it is silent.")
    mine = named(fleet, world.site, world.second)
    assert later.devices[mine.id] == mine
    assert replace(facts.since(later), holds=later.holds) == later
