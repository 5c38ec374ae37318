"""The install flow over fakes, in racks as they are: two families or IPv6 alone, mixed hardware, other owners, odd names."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import BURN_IN, POLICY, DataCenter, Install
from turnup.domain.errors import RefusedPlan
from turnup.domain.policy import Policy
from turnup.domain.servers import Server, Snapshot
from turnup.flow.install import INSTALL
from turnup.ports import AddressRequest

IPV6 = ip_interface(worlds.IPV6.cidr).network


def policy(**site: Any) -> Policy:
    generations = tuple(replace(one, burn_in={"quick": BURN_IN}) for one in worlds.POLICY.hardware)
    return Policy(replace(POLICY.site, **site), generations)


def rack(*servers: Server, **differs: Any) -> Snapshot:
    return worlds.snapshot(servers, prefixes=(*worlds.PREFIXES, worlds.IPV6), **differs)


def families(*versions: int, count: int = 2) -> tuple[DataCenter, Install]:
    world = DataCenter(snapshot=rack(*(worlds.server(number) for number in range(1, count + 1))))
    return world, Install(world, policy=policy(families=versions))


def state_runs(world: DataCenter) -> dict[str, dict[str, Any]]:
    """{minion: what its last state run was given}."""
    return {call.minion_id: dict(call.keywords) for call in world.salt.submitted if call.function == "state.sls"}


def primary(world: DataCenter, name: str) -> tuple[str | None, str | None]:
    (server,) = world.inventory.devices("here", [name])
    return (
        server.primary_ip4.cidr if server.primary_ip4 else None,
        server.primary_ip6.cidr if server.primary_ip6 else None,
    )


def test_each_server_gets_an_address_of_each_family_and_is_reached_by_ipv4() -> None:
    world, install = families(4, 6)
    assert install.everything() == {}
    for name in world.servers:
        ipv4, ipv6 = primary(world, name)
        assert ipv4 is not None
        assert ipv6 is not None
        assert ip_interface(ipv6).ip in IPV6
        part = install.job("boot", name).plan.server(name)
        assert part.management.version == 4
        reserved = [one.ip for one in world.dhcp.reservations([part.management.mac])]
        assert reserved == [ipv4.split("/")[0]]


def test_both_families_are_asked_for_in_one_request_a_prefix_and_set_in_one() -> None:
    world, install = families(4, 6, count=5)
    install.make_plan()
    world.inventory.calls.clear()
    install.rack_rows()
    calls = [call for call in world.inventory.calls if call in ("addresses_on", "allocate", "set_primary")]
    assert calls == ["addresses_on", "allocate", "allocate", "allocate", "set_primary"]


def test_the_states_are_given_the_addresses_that_netbox_gave() -> None:
    world, install = families(4, 6, count=1)
    install.everything()
    ipv4, ipv6 = primary(world, "a1")
    given = [states["pillar"]["turnup"]["network"] for states in state_runs(world).values()]
    expected = {"interface": "eth0", "mac": "02:00:00:00:00:01", "addresses": [ipv4, ipv6]}
    assert given == [expected]


def test_a_site_without_ipv6_leaves_a_primary_ipv6_of_somebody_else_alone() -> None:
    world, install = families(4, count=1)
    (taken,) = world.inventory.allocate(6, [AddressRequest(10, "by-hand", "by hand")])
    install.everything()
    assert primary(world, "a1")[1] is None
    assert taken in world.inventory.addresses_on([10])


def test_an_abort_gives_the_addresses_of_both_families_back() -> None:
    world, install = families(4, 6)
    clean = world.footprint()
    names = install.make_plan().names
    for row in INSTALL.rack_rows:
        row.do(install.rack_job(row.name, names))
    assert install.row("boot", "a1")
    install.abort()
    assert world.footprint() == clean


def test_an_address_that_was_there_before_stays_after_an_abort() -> None:
    world = DataCenter(snapshot=rack(worlds.server(1, address=["10.0.1.77/24", "fd00:0:0:1::77/64"])))
    clean = world.footprint()["devices"][0][-1]
    install = Install(world, policy=policy(families=(4, 6)))
    install.make_plan()
    install.rack_rows()
    assert primary(world, "a1") == ("10.0.1.77/24", "fd00:0:0:1::77/64")
    install.abort()
    assert world.footprint()["devices"][0][-1] == clean


def test_an_ipv6_prefix_that_fills_up_meanwhile_stops_only_those_it_has_nothing_for() -> None:
    prefixes = (*worlds.PREFIXES, replace(worlds.IPV6, free=2))
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1), worlds.server(2)), prefixes=prefixes))
    install = Install(world, policy=policy(families=(4, 6)))
    install.make_plan()
    world.inventory.allocate(6, [AddressRequest(11, "", "somebody else")])
    assert install.rack_rows() == ("a1",)
    assert not install.server_rows("a2", resumed=True)
    assert worlds.IPV6.cidr in world.inventory.causes[2]


def test_a_rack_with_ipv6_alone_goes_live_and_its_boot_script_carries_each_servers_address() -> None:
    world, install = families(6)
    install.make_plan()
    install.rack_rows()
    scripts: dict[str, str] = {}

    def look() -> None:
        for server in world.servers.values():
            scripts.setdefault(server.mac, world.boot_files.read(server.mac) or "")

    install.between = look
    for name in world.servers:
        assert install.server_rows(name), install.failed
    assert install.finish() == {}
    assert set(world.statuses().values()) == {"active"}
    for name, server in world.servers.items():
        ipv4, ipv6 = primary(world, name)
        assert ipv4 is None
        assert f" turnup.address={ipv6}" in server.machine.files["/proc/cmdline"]
        assert world.dhcp.reservations([server.mac]) == ()
        (bmc,) = world.dhcp.reservations([install.job("boot", name).server.out_of_band.mac])
        assert bmc.boot_file is None


def test_an_abort_of_a_rack_with_ipv6_alone_leaves_a_clean_slate() -> None:
    world, install = families(6)
    clean = world.footprint()
    names = install.make_plan().names
    install.rack_rows()
    for name in names:
        for row in ("boot", "identity", "salt_key", "configure"):
            assert install.row(row, name), install.failed
    install.abort()
    assert world.footprint() == clean


def test_a_mixed_rack_goes_live_each_server_by_the_policy_of_its_generation_and_role() -> None:
    storage = worlds.server(2, device_type="type-2", role="storage", eth1="02:00:00:00:02:02")
    world = DataCenter(snapshot=rack(worlds.server(1), storage))
    world.servers["a2"].inner_macs = ("02:00:00:00:00:02", "02:00:00:00:02:02")
    install = Install(world, policy=policy(states={"edge": ("common", "edge"), "storage": ("common", "storage")}))
    assert install.everything() == {}
    assert {minion: run["mods"] for minion, run in state_runs(world).items()} == {
        "a1.here.example": "common,edge",
        "a2.here.example": "common,storage",
    }


def test_a_second_nic_that_is_another_one_is_noticed_and_the_rest_of_the_rack_goes_on() -> None:
    wrong = worlds.server(2, device_type="type-2", eth1="02:00:00:00:02:02")
    world = DataCenter(snapshot=rack(worlds.server(1), wrong))
    world.servers["a2"].inner_macs = ("02:00:00:00:00:02", "02:00:00:00:02:99")
    assert list(Install(world, policy=policy()).everything()) == ["a2"]
    cause = world.inventory.causes[2]
    assert "no NIC has the MAC 02:00:00:00:02:02 that NetBox gives it; it has 02:00:00:00:00:02, 02:00:00:00:02:99" in cause
    assert world.statuses() == {"a1": "active", "a2": "failed"}


OTHERS = (
    worlds.server(3, tenant="acme"),
    worlds.server(4, role="switch", serial="", mac=None, bmc_mac=None),
    worlds.server(5, role="switch", status="failed"),
)


def test_the_rack_is_active_when_turnups_servers_are_and_the_others_stay_as_they_are() -> None:
    world = DataCenter(snapshot=rack(worlds.server(1), worlds.server(2), *OTHERS))
    before = [world.inventory.device(one.id) for one in OTHERS]
    install = Install(world, policy=policy())
    assert install.everything() == {}
    assert world.statuses() == {"a1": "active", "a2": "active", "a3": "planned", "a4": "planned", "a5": "failed"}
    assert [world.inventory.device(one.id) for one in OTHERS] == before
    assert world.inventory.snapshot("here", "A").rack_status == "active"
    assert world.dhcp.reservations([port.mac or "" for one in OTHERS for port in one.interfaces]) == ()


def test_a_server_that_was_given_to_another_owner_since_the_plan_is_not_claimed() -> None:
    world = DataCenter(snapshot=rack(worlds.server(1), worlds.server(2)))
    install = Install(world, policy=policy())
    install.make_plan()
    world.inventory.correct(1, lambda server: replace(server, tenant="acme"))
    assert install.rack_rows() == ("a2",)
    assert world.claims() == {"a1": None, "a2": install.run.claim}


def test_the_rack_is_not_active_while_a_server_of_turnups_is_not() -> None:
    world = DataCenter(snapshot=rack(worlds.server(1), worlds.server(2, status="offline"), *OTHERS))
    assert Install(world, policy=policy()).everything() == {}
    assert world.inventory.snapshot("here", "A").rack_status == "planned"


@pytest.mark.parametrize("name", ["Rack 1", "1/2", "Räck*", "100%", "a'b\"c", "%s %(x)s {0}", "../..", "<script>"])
def test_a_rack_may_have_any_name_that_can_be_printed(name: str) -> None:
    world = DataCenter(snapshot=rack(worlds.server(1), rack=name))
    install = Install(world, policy=policy())
    assert install.everything() == {}
    assert install.job("boot", "a1").server.subject == f"a1 (serial S1, rack {name}, U1)"
    assert state_runs(world)["a1.here.example"]["pillar"]["turnup"]["rack"] == name


@pytest.mark.parametrize("name", ["two\nlines", "tab\there", "bell\x07", "esc\x1b[31m", "\u202etxt"])
def test_a_rack_whose_name_cannot_be_printed_is_refused(name: str) -> None:
    with pytest.raises(RefusedPlan, match="control characters in its rack's name"):
        Install(DataCenter(snapshot=rack(worlds.server(1), rack=name)), policy=policy()).make_plan()


def test_a_server_named_in_upper_case_and_one_by_its_host_name_go_live() -> None:
    world = DataCenter(snapshot=rack(worlds.server(1, name="DC1-A1"), worlds.server(2, name="a2.here.example")))
    for server, host in zip(world.servers.values(), ("dc1-a1.here.example", "a2.here.example"), strict=True):
        server.minion_id = host
    install = Install(world, policy=policy())
    assert install.everything() == {}, install.failed
    assert set(world.statuses().values()) == {"active"}
    names = {one.hostname for one in world.dhcp.reservations([server.mac for server in world.servers.values()])}
    assert names == {"dc1-a1.here.example", "a2.here.example"}
