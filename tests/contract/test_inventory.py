"""What every Inventory does: one suite over the fake and the real NetBox."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface, ip_network
from typing import Any

import pytest

from tests.contract.inventories import FREE, FREE_IPV6, ODD_RACK, RealWorld, World, fake, real
from turnup.adapters.netbox.client import Client
from turnup.domain.errors import Conflict, Refused
from turnup.domain.servers import Address, Server
from turnup.ports import AddressRequest, DeviceWrite, JournalEntry, PrimaryAddresses

RUN_A = DeviceWrite(status="staged", claim="server_install/a", cause="")
RUN_B = DeviceWrite(status="staged", claim="server_install/b", cause="")
UNKNOWN = 2_000_000_000


@pytest.fixture(scope="module")
def netbox(endpoints: dict[str, Any]) -> Iterator[RealWorld]:
    with real(Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)) as built:
        yield built


@pytest.fixture(params=["fake", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    built: RealWorld = request.getfixturevalue("netbox")
    yield built.world
    built.reset()


def port(server: Server, name: str) -> int:
    interface = server.interface(name)
    assert interface is not None
    return interface.id


def take(world: World, cidr: str, *interfaces: int) -> tuple[Address, ...]:
    requests = [AddressRequest(interface, f"n{interface}.example.com", "contract test") for interface in interfaces]
    return world.inventory.allocate(world.prefix_ids[cidr], requests)


def test_a_snapshot_gives_the_devices_of_the_rack_by_name(world: World) -> None:
    found = world.snapshot()
    assert (found.site, found.rack, found.rack_status) == (world.site, world.rack, "planned")
    assert [server.name for server in found.servers] == [world.first, world.second, world.strip]
    first = found.servers[0]
    assert (first.serial, first.asset_tag, first.status) == (world.serials[0], f"asset-{world.first}", "planned")
    assert (first.claim, first.bmc_certificate, first.primary_ip4, first.oob_ip) == (None, None, None, None)
    assert found.servers[2].interfaces == ()


def test_a_snapshot_gives_interfaces_with_lower_case_macs_and_the_vlan_of_their_prefix(world: World) -> None:
    first = world.server(world.first)
    eth0, bmc = first.interface("eth0"), first.interface("bmc")
    assert eth0 and bmc
    assert (eth0.mac, eth0.mgmt_only, eth0.addresses) == (world.macs[0], False, ())
    assert (bmc.mac, bmc.mgmt_only, bmc.addresses) == (world.macs[1], True, ())
    assert eth0.vlan_id == world.prefix(world.management).vlan_id
    assert bmc.vlan_id == world.prefix(world.out_of_band).vlan_id


def test_a_snapshot_gives_the_prefixes_with_role_and_free_addresses(world: World) -> None:
    found = {prefix.cidr: (prefix.role, prefix.free) for prefix in world.snapshot().prefixes}
    assert found == {
        world.management: ("management", FREE),
        world.out_of_band: ("out-of-band", FREE),
        world.ipv6: ("management", FREE_IPV6),
    }


def test_a_snapshot_names_devices_of_other_racks_with_the_same_serial_or_mac(world: World) -> None:
    found = world.snapshot()
    assert found.same_serial == {world.serials[0]: (world.first,), world.serials[1]: (world.second, world.spare)}
    assert found.same_mac == {
        world.macs[0]: (world.first,),
        world.macs[1]: (world.first,),
        world.macs[2]: (world.second, world.spare),
        world.macs[3]: (f"{world.first} at site {world.other_site}", world.second),
    }


def test_a_snapshot_names_the_racks_of_the_sites_devices_of_the_same_name_in_upper_or_lower_case(world: World) -> None:
    assert world.snapshot().same_name == {
        world.first: ("rack R1",),  # and not the one in a rack of the same name at the other site
        world.second: ("rack R1", "rack R2"),
        world.strip: ("rack R1",),
    }


def test_a_rack_and_a_device_of_the_same_names_at_another_site_stay_apart(world: World) -> None:
    there = world.inventory.snapshot(world.other_site, world.rack)
    assert [server.name for server in there.servers] == [world.first]
    assert there.rack_id != world.snapshot().rack_id
    (mine,) = world.inventory.devices(world.site, [world.first])
    (theirs,) = world.inventory.devices(world.other_site, [world.first])
    assert (mine.id, theirs.id) == (world.server(world.first).id, there.servers[0].id)


def test_a_rack_is_found_by_its_name_whatever_that_holds(world: World) -> None:
    found = world.inventory.snapshot(world.other_site, ODD_RACK)
    assert (found.rack, found.servers) == (ODD_RACK, ())
    for near in (ODD_RACK.lower(), ODD_RACK.replace("*", ""), "*", "%"):
        with pytest.raises(Refused):
            world.inventory.snapshot(world.other_site, near)


def test_a_snapshot_tells_a_bond_from_a_nic_and_one_owner_from_another(world: World) -> None:
    first, second = world.server(world.first), world.server(world.second)
    assert {port.name: port.virtual for port in first.interfaces} == {"eth0": False, "bmc": False, "bond0": True}
    assert (first.tenant, second.tenant) == (None, world.tenant)


def test_an_unknown_site_or_rack_is_refused_by_name(world: World) -> None:
    with pytest.raises(Refused, match="no-such-site"):
        world.inventory.snapshot("no-such-site", world.rack)
    with pytest.raises(Refused, match="R9"):
        world.inventory.snapshot(world.site, "R9")


def test_a_write_changes_the_device_and_gives_its_new_version(world: World) -> None:
    before = world.server(world.first)
    version = world.inventory.write(before.id, before.version, RUN_A, "contract test")
    after = world.inventory.device(before.id)
    assert (after.status, after.claim, after.version) == ("staged", "server_install/a", version)
    assert version != before.version
    assert after.interfaces == ()


def test_a_write_leaves_alone_what_it_does_not_name(world: World) -> None:
    before = world.server(world.first)
    version = world.inventory.write(before.id, before.version, DeviceWrite(bmc_certificate="ab" * 32), "contract test")
    version = world.inventory.write(before.id, version, RUN_A, "contract test")
    world.inventory.write(before.id, version, DeviceWrite(status="active", claim=""), "contract test")
    after = world.inventory.device(before.id)
    assert (after.status, after.claim, after.bmc_certificate) == ("active", None, "ab" * 32)


def test_of_two_runs_that_read_the_same_version_the_second_is_told_who_was_faster(world: World) -> None:
    read = world.server(world.first)
    world.inventory.write(read.id, read.version, RUN_A, "contract test")
    with pytest.raises(Conflict, match="server_install/a"):
        world.inventory.write(read.id, read.version, RUN_B, "contract test")
    assert world.inventory.device(read.id).claim == "server_install/a"


def test_a_write_that_got_through_before_counts_as_done(world: World) -> None:
    read = world.server(world.first)
    version = world.inventory.write(read.id, read.version, RUN_A, "contract test")
    assert world.inventory.write(read.id, read.version, RUN_A, "contract test") == version


def test_a_write_whose_cause_differs_does_not_count_as_done(world: World) -> None:
    read = world.server(world.first)
    failed = DeviceWrite(status="failed", claim="", cause="The BMC does not answer.")
    world.inventory.write(read.id, read.version, failed, "contract test")
    with pytest.raises(Conflict):
        world.inventory.write(read.id, read.version, DeviceWrite(status="failed", claim="", cause="Another."), "contract test")


def test_a_status_that_netbox_does_not_know_is_refused(world: World) -> None:
    read = world.server(world.first)
    with pytest.raises(Refused, match="exploded"):
        world.inventory.write(read.id, read.version, DeviceWrite(status="exploded"), "contract test")


def test_an_unknown_device_is_refused(world: World) -> None:
    with pytest.raises(Refused):
        world.inventory.device(UNKNOWN)
    with pytest.raises(Refused):
        world.inventory.write(UNKNOWN, "2026-01-01T00:00:00Z", RUN_A, "contract test")


def test_addresses_come_in_the_order_of_the_requests_and_stay_on_their_interfaces(world: World) -> None:
    servers = world.snapshot().servers
    first, second = port(servers[0], "eth0"), port(servers[1], "eth0")
    taken = take(world, world.management, second, first)
    assert [address.interface_id for address in taken] == [second, first]
    assert len({address.cidr for address in taken}) == 2
    assert all(ip_interface(address.cidr).network == ip_network(world.management) for address in taken)
    assert set(world.inventory.addresses_on([first, second])) == set(taken)
    assert world.inventory.addresses_on([port(servers[0], "bmc")]) == ()
    after = world.snapshot()
    assert {prefix.cidr: prefix.free for prefix in after.prefixes} == {
        world.management: FREE - 2,
        world.out_of_band: FREE,
        world.ipv6: FREE_IPV6,
    }
    interface = after.servers[1].interface("eth0")
    assert interface is not None
    assert interface.addresses == (taken[0],)


def test_asking_for_no_addresses_gives_none(world: World) -> None:
    assert world.inventory.allocate(world.prefix_ids[world.management], []) == ()
    assert world.inventory.addresses_on([]) == ()


def test_more_addresses_than_are_left_are_refused_and_none_is_taken(world: World) -> None:
    interface = port(world.server(world.first), "eth0")
    with pytest.raises(Refused, match=world.management):
        take(world, world.management, *[interface] * (FREE + 1))
    assert world.inventory.addresses_on([interface]) == ()
    assert len(take(world, world.management, *[interface] * FREE)) == FREE
    assert world.prefix(world.management).free == 0


def test_released_addresses_are_free_again_and_releasing_twice_is_no_error(world: World) -> None:
    interface = port(world.server(world.first), "eth0")
    kept, gone, last = take(world, world.management, interface, interface, interface)
    world.inventory.release([gone.id], "contract test")
    world.inventory.release([gone.id, last.id], "contract test")
    world.inventory.release([gone.id, last.id], "contract test")
    assert world.inventory.addresses_on([interface]) == (kept,)
    assert world.prefix(world.management).free == FREE - 1


def test_primary_addresses_are_set_and_what_is_not_named_stays(world: World) -> None:
    first = world.server(world.first)
    primary = take(world, world.management, port(first, "eth0"))[0]
    oob = take(world, world.out_of_band, port(first, "bmc"))[0]
    ipv6 = take(world, world.ipv6, port(first, "eth0"))[0]
    world.inventory.set_primary([PrimaryAddresses(first.id, primary.id, oob.id, ipv6.id)], "contract test")
    found = world.server(world.first)
    assert (found.primary_ip4, found.oob_ip, found.primary_ip6) == (primary, oob, ipv6)
    assert world.inventory.device(first.id).primary_ip6 is not None
    world.inventory.set_primary([PrimaryAddresses(first.id)], "contract test")
    found = world.server(world.first)
    assert (found.primary_ip4, found.oob_ip, found.primary_ip6) == (primary, oob, ipv6)


def test_releasing_a_primary_address_clears_it(world: World) -> None:
    first = world.server(world.first)
    primary = take(world, world.management, port(first, "eth0"))[0]
    ipv6 = take(world, world.ipv6, port(first, "eth0"))[0]
    world.inventory.set_primary([PrimaryAddresses(first.id, primary.id, primary_ip6=ipv6.id)], "contract test")
    world.inventory.release([primary.id, ipv6.id], "contract test")
    assert (world.server(world.first).primary_ip4, world.server(world.first).primary_ip6) == (None, None)


def test_an_address_of_the_other_family_is_refused_as_primary(world: World) -> None:
    first = world.server(world.first)
    ipv6 = take(world, world.ipv6, port(first, "eth0"))[0]
    with pytest.raises(Refused):
        world.inventory.set_primary([PrimaryAddresses(first.id, primary_ip4=ipv6.id)], "contract test")
    assert world.server(world.first).primary_ip4 is None


def test_an_address_of_another_device_is_refused_as_primary_and_nothing_changes(world: World) -> None:
    first, second, _ = world.snapshot().servers
    mine, theirs = take(world, world.management, port(first, "eth0"), port(second, "eth0"))
    wrong = [PrimaryAddresses(second.id, theirs.id, None), PrimaryAddresses(first.id, theirs.id, None)]
    with pytest.raises(Refused):
        world.inventory.set_primary(wrong, "contract test")
    assert world.server(world.second).primary_ip4 is None
    world.inventory.set_primary([PrimaryAddresses(first.id, mine.id, None)], "contract test")
    assert world.server(world.first).primary_ip4 == mine


def test_the_racks_status_is_set_and_setting_it_twice_is_no_error(world: World) -> None:
    rack = world.snapshot().rack_id
    world.inventory.set_rack_status(rack, "active", "contract test")
    world.inventory.set_rack_status(rack, "active", "contract test")
    assert world.snapshot().rack_status == "active"


def test_the_servers_of_a_rack_are_all_its_devices_with_status_role_and_owner(world: World) -> None:
    first = world.server(world.first)
    world.inventory.write(first.id, first.version, DeviceWrite(status="active"), "contract test")
    found = {one.name: (one.status, one.role, one.tenant) for one in world.inventory.rack_servers(world.snapshot().rack_id)}
    assert found == {
        world.first: ("active", world.role, None),
        world.second: ("planned", world.role, world.tenant),
        world.strip: ("planned", world.role, None),
    }


def test_a_journal_entry_written_twice_is_there_once(world: World) -> None:
    first, second = world.server(world.first), world.server(world.second)
    entry = JournalEntry(first.id, "success", "Installed by run a.")
    world.inventory.write_journal([entry])
    world.inventory.write_journal([entry, JournalEntry(second.id, "danger", "Failed in run a.")])
    world.inventory.write_journal([])
    assert world.journal(first.id) == [("success", "Installed by run a.")]
    assert world.journal(second.id) == [("danger", "Failed in run a.")]


def test_macs_are_those_of_the_interfaces_and_what_is_gone_is_left_out(world: World) -> None:
    first = next(server for server in world.snapshot().servers if server.name == world.first)
    eth0, bmc = port(first, "eth0"), port(first, "bmc")
    assert world.inventory.macs([eth0, bmc, 10**9]) == {eth0: world.macs[0], bmc: world.macs[1]}


def test_devices_are_found_by_their_exact_names_at_their_site_alone(world: World) -> None:
    found = world.inventory.devices(world.site, [world.first, world.spare, world.first.upper(), "nobody"])
    assert {server.name for server in found} == {world.first, world.spare}


def test_who_has_a_serial_number_is_found_at_any_place(world: World) -> None:
    second, spare = sorted(world.inventory.holders(world.serials[1]))
    assert second.startswith(f"{world.second} (site {world.site}, rack {world.rack}, ")
    assert spare.startswith(f"{world.spare} (site {world.site}, ")
    assert world.inventory.holders("nobody's serial number") == ()


def test_the_last_run_stays_when_the_claim_is_released(world: World) -> None:
    first = world.server(world.first)
    claimed = world.inventory.write(first.id, first.version, DeviceWrite(claim="run a", last_run="run a"), "contract test")
    world.inventory.write(first.id, claimed, DeviceWrite(claim=""), "contract test")
    now = world.server(world.first)
    assert (now.claim, now.last_run) == (None, "run a")


def test_tags_and_since_when_it_leaves_are_written_under_the_same_condition(world: World) -> None:
    first = world.server(world.first)
    leaves = DeviceWrite(tags=("turnup-unwiped",), leaving_since="2026-01-01T10:00:00+00:00")
    version = world.inventory.write(first.id, first.version, leaves, "contract test")
    assert world.inventory.write(first.id, first.version, leaves, "contract test") == version
    now = world.inventory.device(first.id)
    assert (now.tags, now.leaving_since, now.status) == (("turnup-unwiped",), "2026-01-01T10:00:00+00:00", "planned")
    with pytest.raises(Conflict):
        world.inventory.write(first.id, first.version, DeviceWrite(tags=()), "contract test")
    world.inventory.write(first.id, version, DeviceWrite(tags=(), leaving_since=""), "contract test")
    now = world.inventory.device(first.id)
    assert (now.tags, now.leaving_since) == ((), None)


def test_the_devices_of_a_site_are_all_of_them_in_any_rack(world: World) -> None:
    found = sorted(server.name for server in world.inventory.site_servers(world.site))
    assert found == sorted([world.first, world.second, world.strip, world.spare, world.second.upper()])


def test_retired_addresses_are_on_no_device_and_given_to_nobody(world: World) -> None:
    first = world.server(world.first)
    eth0, bmc = port(first, "eth0"), port(first, "bmc")
    primary, oob = take(world, world.management, eth0)[0], take(world, world.out_of_band, bmc)[0]
    world.inventory.set_primary([PrimaryAddresses(first.id, primary.id, oob.id)], "contract test")
    for _ in range(2):
        world.inventory.retire(first.id, [primary.id, oob.id, UNKNOWN], "free after 2026-02-01", "contract test")
    now = world.server(world.first)
    assert (now.primary_ip4, now.oob_ip) == (None, None)
    assert world.inventory.addresses_on([eth0, bmc]) == ()
    assert world.prefix(world.management).free == FREE - 1
    assert primary.cidr not in [one.cidr for one in take(world, world.management, *[eth0] * (FREE - 1))]
