"""What audits ask in bulk: one suite over the fakes, the lab's NetBox and its Salt master with a minion that the test starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.inventories import real
from tests.contract.processes import eventually
from tests.contract.test_salt import waiting_minion
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import read_definitions
from turnup.adapters.netbox.estate import NetBoxEstates
from turnup.adapters.netbox.setup import NetBoxSetup
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.salt_master import SaltApiMaster
from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import Refused
from turnup.domain.facts import Device, Estate, Rack, SitePrefix
from turnup.domain.servers import Interface, Server
from turnup.fakes.salt import FakeSalt
from turnup.fakes.sources import FakeEstates, FakeSaltMaster
from turnup.ports import ConfigManagement
from turnup.sources import Estates, SaltMaster

MESSAGE = "contract test"


@dataclass(frozen=True)
class Site:
    """A site with the names and MACs of two of its devices, and an address in its out-of-band prefix that nobody has."""

    estates: Estates
    site: str
    names: tuple[str, str]
    macs: tuple[str, str]
    out_of_band: str
    free: str


def netbox(endpoints: Mapping[str, Any]) -> Client:
    return Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)


def fake_site() -> Site:
    macs = ("02:19:00:00:00:01", "02:19:00:00:00:02")

    def device(number: int) -> Device:
        port = Interface(number * 10, "eth0", macs[number - 1], False, None)
        server = Server(number, f"n{number}", f"S{number}", "", 1.0, "edge", "metal", "planned", "v", interfaces=(port,))
        return Device(server, "R1", 1, "front")

    prefixes = (SitePrefix(1, "198.19.0.8/29", "out-of-band"),)
    estate = Estate("here", (device(1), device(2)), (Rack(1, "R1", "planned"),), prefixes)
    return Site(FakeEstates(estate), "here", ("n1", "n2"), macs, "198.19.0.8/29", "198.19.0.14/29")


@pytest.fixture(params=["fake", "netbox"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "fake":
        yield fake_site()
        return
    endpoints = request.getfixturevalue("endpoints")
    with real(netbox(endpoints)) as built:
        world = built.world
        host, length = world.out_of_band.split("/")
        free = f"{host.rpartition('.')[0]}.{int(host.rpartition('.')[2]) + 6}/{length}"
        macs = (world.macs[0], world.macs[2])
        try:
            yield Site(
                NetBoxEstates(lambda: netbox(endpoints)), world.site, (world.first, world.second), macs, world.out_of_band, free
            )
        finally:
            built.reset()


def test_a_site_is_read_whole_and_an_address_is_kept_once(site: Site) -> None:
    estate = site.estates.estate(site.site)
    devices = {device.name: device for device in estate.devices}
    for name, mac in zip(site.names, site.macs, strict=True):
        port = devices[name].server.interface("eth0")
        assert port is not None
        assert port.mac == mac
        assert devices[name].rack
        assert devices[name].since is None
    assert site.out_of_band in {prefix.cidr for prefix in estate.prefixes}
    assert {rack.status for rack in estate.racks} == {"planned"}
    assert site.estates.rack_status(estate.racks[0].id) == "planned"

    for _ in range(2):
        site.estates.keep_address(site.free, "Free after 2020-01-01. Was x's", MESSAGE)
    again = type(site.estates)  # what all sites share is read once for an audit: another audit reads anew
    fresh = NetBoxEstates(site.estates._client) if again is NetBoxEstates else site.estates  # type: ignore[attr-defined]
    kept = [one for one in fresh.estate(site.site).addresses if one.cidr == site.free]
    assert [(one.status, one.port, one.description) for one in kept] == [("deprecated", None, "Free after 2020-01-01. Was x's")]
    assert site.estates.address(kept[0].id) == (site.free, "deprecated", "Free after 2020-01-01. Was x's")
    assert site.estates.address(2**31 - 1) is None


def test_a_site_that_is_not_there_is_refused(site: Site) -> None:
    with pytest.raises(Refused):
        site.estates.estate("no-such-site")


def test_the_lab_s_netbox_is_set_up_as_turnup_needs_it(endpoints: Mapping[str, Any]) -> None:
    assert NetBoxSetup(netbox(endpoints), read_definitions()).misfits() == ()


@dataclass(frozen=True)
class Master:
    """A master, and a minion whose key waits."""

    master: SaltMaster
    salt: ConfigManagement
    minion: str


@pytest.fixture(params=["fake", "salt"])
def master(request: pytest.FixtureRequest) -> Iterator[Master]:
    if request.param == "fake":
        salt = FakeSalt()
        salt.offer("contract.example", "ab" * 32)
        yield Master(FakeSaltMaster(salt), salt, "contract.example")
        return
    account = request.getfixturevalue("endpoints")["salt"]
    login = (account["url"], account["username"], account["password"], account["eauth"], account["ca"])
    real_salt = SaltApi(*login, 30)
    with waiting_minion(real_salt) as (minion, _):
        yield Master(SaltApiMaster(SaltSession(*login, timeout=60)), real_salt, minion)


def test_a_minion_is_told_by_its_key_and_by_its_answer_and_its_key_is_rejected_and_taken_back(master: Master) -> None:
    assert master.minion in master.master.keys().waiting
    master.salt.accept_key(master.minion)
    assert master.minion in master.master.keys().accepted
    eventually(lambda: master.salt.is_up(master.minion), f"{master.minion} is up", within=90)
    assert master.master.answering([master.minion, "nobody.example"]) == {master.minion}
    for _ in range(2):
        master.master.reject_key(master.minion)
    keys = master.master.keys()
    assert (master.minion in keys.rejected, master.minion in keys.accepted, master.minion in keys.waiting) == (True, False, False)
    for _ in range(2):
        master.master.accept_rejected_key(master.minion)
    assert master.minion in master.master.keys().accepted
