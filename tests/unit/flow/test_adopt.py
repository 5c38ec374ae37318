"""Adopting servers that were live before turnup came: what is recorded, what stands in its way, and that nothing is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY, DataCenter, Install
from turnup.domain.errors import Refused, RefusedPlan, Transient
from turnup.domain.servers import Server
from turnup.domain.states import WAYS, why_not_abortable
from turnup.fakes.metal import FakeServer
from turnup.flow import abort
from turnup.flow.adopt import ADOPT
from turnup.flow.flows import FLOWS
from turnup.flow.job import Run
from turnup.ports import DeviceWrite, Reservation

ROWS = [row.name for row in ADOPT.server_rows]
Break = Callable[["LiveRack"], None]


class LiveRack(DataCenter):
    """A rack of servers that run, with addresses of their own, which DHCP does not know."""

    def __init__(self, *servers: Server) -> None:
        super().__init__(snapshot=worlds.snapshot(servers or (worlds.live(1), worlds.live(2))))
        self.really = {
            address.ip: server.name
            for server in self.before.servers
            for interface in server.interfaces
            for address in interface.addresses
        }
        for server in self.servers.values():
            server.bmc.trust(server.bmc.shown)
            server.bmc.power_on()
            server.bmc.calls.clear()
            self.salt.accept_key(server.minion_id)

    def at(self, address: str) -> FakeServer | None:
        """Who has the address, whatever DHCP and NetBox say."""
        name = self.really.get(address)
        return self.servers[name] if name else None

    def orders(self) -> set[str]:
        """What BMCs were told, beyond being asked."""
        told = {call for server in self.servers.values() for call in server.bmc.calls}
        return told - {"certificate", "trust", "system", "events", "console"}


def adoption(world: LiveRack, run_id: str = "run-1", **more: Any) -> Install:
    return Install(world, run_id, flow=ADOPT, **more)


def test_every_live_server_is_recorded_and_none_is_touched() -> None:
    world = LiveRack()
    before = world.footprint()
    assert adoption(world).everything() == {}
    assert world.statuses() == {"a1": "active", "a2": "active"}
    assert set(world.claims().values()) == {None}
    assert world.orders() == set()
    assert world.salt.submitted == []
    after = world.footprint()
    assert [after[what] for what in ("keys", "boot files", "power")] == [before[what] for what in ("keys", "boot files", "power")]
    for name, server in world.servers.items():
        (known,) = world.inventory.devices("here", [name])
        assert (known.last_run, known.bmc_certificate) == ("server_adopt/run-1", server.bmc.shown)
        (reserved,) = world.dhcp.reservations([server.mac])
        assert world.at(reserved.ip) is server
    assert [entry.kind for entry in world.inventory.journal] == ["success", "success"]


def test_what_netbox_has_stays_as_it_was_but_for_run_and_certificate() -> None:
    world = LiveRack()
    before = world.inventory.snapshot("here", "A").servers
    adoption(world).everything()
    for old, new in zip(before, world.inventory.snapshot("here", "A").servers, strict=True):
        known = {"version": new.version, "last_run": new.last_run, "bmc_certificate": new.bmc_certificate}
        assert replace(old, **known) == new  # type: ignore[arg-type]


def test_a_rack_that_is_known_is_left_alone_unless_its_servers_are_named() -> None:
    world = LiveRack()
    adoption(world).everything()
    after, messages = world.footprint(), list(world.inventory.messages)
    plan = adoption(world, "run-2").make_plan()
    assert plan.servers == ()
    assert all("is known to turnup by the run server_adopt/run-1" in one.why for one in plan.left_alone)
    assert world.inventory.messages == messages
    assert adoption(world, "run-3").everything(servers=("a1",)) == {}
    assert world.footprint() == after


@pytest.mark.parametrize("row", ["claim", "addresses", *ROWS])
def test_a_row_done_twice_equals_a_row_done_once(row: str) -> None:
    world = LiveRack(worlds.live(1))
    adopt = adoption(world)
    names = adopt.make_plan().names
    for rack_row in ADOPT.rack_rows:
        for _ in range(1 + (rack_row.name == row)):
            assert rack_row.do(adopt.rack_job(rack_row.name, names)) == {}
    for each in ROWS:
        assert adopt.row(each, "a1"), adopt.failed
        if each == row:
            before = world.footprint()
            assert adopt.row(each, "a1"), adopt.failed
            assert world.footprint() == before
    assert adopt.finish() == {}


def off(world: LiveRack) -> None:
    world.servers["a1"].bmc.power = "Off"


def dead(world: LiveRack) -> None:
    world.servers["a1"].bmc.answers = False


def wrong_password(world: LiveRack) -> None:
    world.servers["a1"].bmc.password_ok = False


def wrong_serial(world: LiveRack) -> None:
    world.servers["a1"].bmc.serial = "S2"


def no_ssh(world: LiveRack) -> None:
    world.servers["a1"].machine.up = False


def swapped_addresses(world: LiveRack) -> None:
    world.really |= {"10.0.1.101": "a2"}


def key_of_another(world: LiveRack) -> None:
    minion = world.servers["a1"].minion_id
    world.salt.delete_key(minion)
    world.salt.offer(minion, "ff" * 32)


def other_reservation(world: LiveRack) -> None:
    world.dhcp.reserve([Reservation(101, world.servers["a1"].mac, "10.0.1.77", "elsewhere")])


def taken_reservation(world: LiveRack) -> None:
    world.dhcp.reserve([Reservation(101, "02:00:00:00:00:99", "10.0.1.101", "somebody")])


BAD_DAYS: list[tuple[Break, str, str]] = [
    (dead, "bmc", "bmc-silent"),
    (wrong_password, "bmc", ""),
    (wrong_serial, "bmc", "bmc-serial-differs"),
    (off, "bmc", "live-but-off"),
    (no_ssh, "identity", "ssh-silent"),
    (swapped_addresses, "identity", "dmi-serial-differs"),
    (key_of_another, "salt_key", "salt-key-differs"),
    (other_reservation, "dhcp", "dhcp-differs"),
    (taken_reservation, "dhcp", ""),
]


@pytest.mark.parametrize(("breaks", "step", "cause"), BAD_DAYS, ids=lambda value: getattr(value, "__name__", None))
def test_a_server_that_fails_stays_active_and_as_it_was(breaks: Break, step: str, cause: str) -> None:
    world = LiveRack()
    breaks(world)
    before = world.footprint()
    adopt = adoption(world)
    assert list(adopt.everything()) == ["a1"]
    assert world.statuses() == {"a1": "active", "a2": "active"}
    assert world.claims() == {"a1": None, "a2": None}
    assert world.orders() == set()
    after = world.footprint()
    for what in ("keys", "boot files", "power"):
        assert after[what]["a1"] == before[what]["a1"]
    macs = [interface.mac or "" for interface in world.before.servers[0].interfaces]
    assert [one for one in after["reservations"] if one.mac in macs] == [one for one in before["reservations"] if one.mac in macs]
    text = world.inventory.causes[1]
    assert text.startswith(f"{step}: a1 (serial S1, rack A, U1)")
    assert f"[{cause or adopt.failed['a1'].cause}]" in text
    assert [entry.kind for entry in world.inventory.journal] == ["danger", "success"]
    (unknown,) = world.inventory.devices("here", ["a1"])
    assert unknown.last_run is None
    assert len(adoption(world, "run-2").make_plan().servers) == 1


def test_after_the_cause_is_mended_the_server_goes_on() -> None:
    world = LiveRack()
    no_ssh(world)
    adopt = adoption(world)
    adopt.everything()
    world.servers["a1"].machine.up = True
    assert adopt.server_rows("a1", first="identity", resumed=True), adopt.failed
    assert adopt.finish() == {}
    assert world.inventory.causes[1] == ""


def test_a_key_that_is_offered_is_accepted_where_it_is_the_one_on_the_machine() -> None:
    world = LiveRack(worlds.live(1))
    server = world.servers["a1"]
    world.salt.delete_key(server.minion_id)
    world.salt.offer(server.minion_id, server.minion_key)
    assert adoption(world).everything() == {}
    assert world.salt.accepted_key(server.minion_id) == server.minion_key


def test_a_reservation_that_is_there_is_left_as_it_is() -> None:
    world = LiveRack(worlds.live(1))
    theirs = Reservation(101, world.servers["a1"].mac, "10.0.1.101", "their-own-name", "http://their/own/file")
    world.dhcp.reserve([theirs])
    assert adoption(world).everything() == {}
    assert world.dhcp.reservations([theirs.mac]) == (theirs,)


def test_no_address_is_ever_picked_and_what_is_missing_is_told_at_once() -> None:
    world = LiveRack(worlds.live(1, primary_ip4=None), worlds.live(2, oob_ip=None), worlds.server(3, status="active"))
    with pytest.raises(RefusedPlan) as refused:
        adoption(world).make_plan()
    told = str(refused.value)
    assert "a1: has 10.0.1.101/24 on eth0, and as primary IPv4 none." in told
    assert "a2: has 10.0.9.102/24 on bmc, and as out-of-band IP none." in told
    assert "a3: is active, and NetBox has no address of 10.0.1.0/24 on its eth0." in told
    assert world.inventory.messages == []


def test_only_live_servers_of_ours_are_adopted() -> None:
    world = LiveRack(worlds.live(1), worlds.server(2), worlds.live(3, role="cache"), worlds.live(4, claim="server_install/x"))
    plan = adoption(world).make_plan()
    assert plan.names == ("a1",)
    assert {one.name: one.why for one in plan.left_alone} == {
        "a2": "is planned; an adoption starts from active.",
        "a3": "has the role 'cache', not turnup's here.",
        "a4": "is active and held by the run server_install/x.",
    }
    with pytest.raises(RefusedPlan, match="a2: is planned; an adoption starts from active"):
        adoption(world, "run-2").make_plan(servers=("a2",))
    with pytest.raises(RefusedPlan, match="nobody: is not in rack A"):
        adoption(world, "run-3").make_plan(servers=("nobody",))


def test_the_plan_of_an_adoption_boots_configures_and_measures_nothing() -> None:
    (part,) = adoption(LiveRack(worlds.live(1))).make_plan().servers
    assert (part.image, part.states, part.burn_in, part.pillar) == ("", (), (), {})
    assert {change.field for change in part.changes} == {"turnup_last_run", "turnup_bmc_certificate"}


def test_an_unknown_certificate_is_refused_where_policy_trusts_none() -> None:
    world = LiveRack(worlds.live(1))
    policy = replace(POLICY, site=replace(POLICY.site, trust_bmc_on_first_use=False))
    adoption(world, policy=policy).everything()
    assert "[bmc-certificate-unknown]" in world.inventory.causes[1]
    assert set(world.servers["a1"].bmc.calls) == {"certificate"}


def test_a_status_that_a_person_changes_meanwhile_is_theirs() -> None:
    world = LiveRack(worlds.live(1))
    adopt = adoption(world)
    adopt.make_plan()
    adopt.rack_rows()
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(status="offline"), "by hand")
    assert not adopt.server_rows("a1")
    assert world.statuses() == {"a1": "offline"}
    assert world.claims() == {"a1": None}


def test_two_runs_never_look_at_the_same_server_at_once() -> None:
    world = LiveRack()
    first, second = adoption(world), adoption(world, "run-2")
    first.make_plan()
    second.make_plan()
    first.rack_rows()
    with pytest.raises(Exception, match="held by the run server_adopt/run-1"):
        second.rack_rows()
    assert set(world.claims().values()) == {"server_adopt/run-1"}


def test_what_passes_by_itself_fails_nothing() -> None:
    world = LiveRack(worlds.live(1))
    adopt = adoption(world)
    adopt.make_plan()
    adopt.rack_rows()
    for fake, method in ((world.dhcp, "reserve"), (world.inventory, "write"), (world.salt, "accepted_key")):
        fake.fail_next(method, Transient("busy"))
    assert adopt.server_rows("a1"), adopt.failed


def test_an_abort_breaks_the_claim_of_an_adoption_that_ended_and_undoes_nothing() -> None:
    world = LiveRack(worlds.live(1))
    installed = Install(world, "run-0")  # the server was installed by turnup once: its last run is not what is undone
    adopt = adoption(world)
    adopt.make_plan()
    adopt.rack_rows()
    before = world.footprint()
    (now,) = world.inventory.devices("here", ["a1"])
    assert why_not_abortable(now, holder_runs=True) is not None
    assert why_not_abortable(now, holder_runs=False) is None
    abort.break_claim(now, Run("server_abort", "abort-1"), installed.ports.inventory, "changed our minds")
    assert world.claims() == {"a1": None}
    after = world.footprint()
    assert {what: after[what] for what in after if what != "devices"} == {
        what: before[what] for what in before if what != "devices"
    }
    assert world.statuses() == {"a1": "active"}


def test_an_adoption_that_somebody_aborts_later_has_nothing_to_undo() -> None:
    world = LiveRack(worlds.live(1))
    adopt = adoption(world)
    adopt.everything()
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(status="failed"), "by hand")
    before = world.footprint()
    with pytest.raises(Refused, match="nothing to undo"):
        adopt.abort()
    assert world.footprint() == before


@pytest.mark.parametrize("name", FLOWS)
def test_every_flow_says_where_it_takes_a_server(name: str) -> None:
    assert WAYS[name].claims.claimed
    assert not WAYS[name].ends.claimed
    assert WAYS[name].fails.claimed == FLOWS[name].leaves
