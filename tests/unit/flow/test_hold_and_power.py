"""Holds stop what has not begun and delay what has; caps spread the power-ons of a rack and of a feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY, DataCenter, Install
from turnup.domain.errors import Refused
from turnup.domain.holds import Hold, covering
from turnup.domain.policy import Policy, Power
from turnup.flow import hold, power
from turnup.flow.waiting import advance

REASON = "cooling is being repaired, ask Kim"


def test_a_hold_covers_its_own_site_and_no_other() -> None:
    assert covering([Hold("here", REASON)], "here") == Hold("here", REASON)
    assert covering([Hold("there", REASON)], "here") is None


def test_a_hold_for_all_sites_covers_every_one_and_is_named_first() -> None:
    everywhere = Hold("there", "an incident", all_sites=True)
    assert covering([Hold("here", REASON), everywhere], "here") == everywhere
    assert str(everywhere) == "every site (set at there) is on hold: an incident"


def test_nothing_new_begins_on_a_site_on_hold() -> None:
    world = DataCenter(1)
    world.inventory.held = [Hold("here", REASON)]
    with pytest.raises(Refused, match=f"site here is on hold: {REASON}") as refused:
        hold.refuse(world.inventory, "here")
    assert "turnup-hold" in refused.value.advice


def test_nothing_is_refused_where_no_hold_covers_the_site() -> None:
    world = DataCenter(1)
    world.inventory.held = [Hold("there", REASON)]
    hold.refuse(world.inventory, "here")


@pytest.mark.parametrize("row", ["boot", "identity", "salt_key", "configure", "burn_in", "live", "enter_service"])
def test_a_row_waits_for_the_end_of_the_hold_and_says_so(row: str) -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    rows = ["boot", "identity", "salt_key", "configure", "burn_in", "live", "enter_service"]
    for earlier in rows[: rows.index(row)]:
        assert install.row(earlier, "a1")
    world.inventory.held = [Hold("here", REASON)]
    footprint = world.footprint()
    looks = iter(range(100))

    def after_a_while() -> None:
        if world.inventory.held:
            assert world.footprint() == footprint
            if next(looks) == 3:
                world.inventory.held = []

    install.between = after_a_while
    assert install.row(row, "a1")
    assert next(looks) == 4, "it looked again until the hold was lifted"


def test_what_waits_names_the_reason() -> None:
    world = DataCenter(1)
    world.inventory.held = [Hold("here", REASON)]
    wait = advance(hold.lifted(world.inventory, "here"))
    assert wait is not None
    assert (wait.what, wait.last) == ("the hold to be lifted", f"site here is on hold: {REASON}")


def test_a_hold_that_comes_while_the_bmc_is_waited_for_is_seen_before_the_power_is_touched() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    world.servers["a1"].bmc.answers = False
    looks = iter(range(100))

    def later() -> None:
        look = next(looks)
        if look == 0:
            world.inventory.held = [Hold("here", REASON)]
            world.servers["a1"].bmc.answers = True
        elif look < 5:
            assert world.servers["a1"].bmc.power == "Off"
        else:
            world.inventory.held = []

    install.between = later
    assert install.row("boot", "a1")
    assert next(looks) > 5


def test_a_server_that_does_not_come_up_under_a_hold_is_left_as_it_is() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    world.servers["a1"].boots = False
    install.between = lambda: setattr(world.inventory, "held", [Hold("here", REASON)])
    assert not install.row("boot", "a1")
    assert world.servers["a1"].bmc.power == "On"
    assert "power_off" not in world.servers["a1"].bmc.calls


def capped(**caps: int) -> Policy:
    return replace(POLICY, site=replace(POLICY.site, power=Power(**caps)))


def starts(install: Install) -> Iterator[float]:
    """When each server of the rack was switched on, in seconds."""
    for name in install.make_plan().names:
        assert install.row("boot", name)
        yield install.now


def test_no_more_servers_of_a_rack_start_at_once_than_policy_says() -> None:
    world = DataCenter(4)
    install = Install(world, policy=capped(at_once_per_rack=2, seconds=60))
    install.make_plan()
    install.rack_rows()
    times = list(starts(install))
    assert times[1] < 60 <= times[2]


def test_a_hold_that_comes_while_it_waits_for_its_turn_is_seen_before_the_power_is_touched() -> None:
    world = DataCenter(2)
    install = Install(world, policy=capped(at_once_per_rack=1, seconds=10))
    install.make_plan()
    install.rack_rows()
    assert install.row("boot", "a1")
    until_lifted = iter(range(20))

    def later() -> None:
        assert world.servers["a2"].bmc.power == "Off"
        world.inventory.held = [Hold("here", REASON)] if next(until_lifted) < 12 else []

    install.between = later
    assert install.row("boot", "a2")
    assert next(until_lifted) > 12


def test_servers_of_one_feed_wait_for_each_other_and_those_of_another_do_not() -> None:
    servers = tuple(worlds.server(number, feeds=("A (feed 1)",) if number < 3 else ("B (feed 2)",)) for number in (1, 2, 3))
    world = DataCenter(snapshot=worlds.snapshot(servers))
    install = Install(world, policy=capped(at_once_per_feed=1, seconds=60))
    plan = install.make_plan()
    install.rack_rows()
    jobs = {name: install.job("boot", name) for name in plan.names}
    assert advance(power.turn(jobs["a1"])) is None
    waiting = advance(power.turn(jobs["a2"]))
    assert waiting is not None and "A (feed 1)" in waiting.what
    assert advance(power.turn(jobs["a3"])) is None


def test_without_caps_nobody_waits() -> None:
    world = DataCenter(2)
    install = Install(world)
    install.make_plan()
    assert power.caps(install.job("boot", "a1")) == {}


def test_a_turn_that_never_comes_ends_with_what_to_do() -> None:
    world = DataCenter(1)
    install = Install(world, policy=capped(at_once_per_rack=1))
    install.make_plan()
    install.rack_rows()
    world.slots.taken = {"rack A of here": {"somebody else": float("inf")}}
    assert not install.row("boot", "a1")
    assert install.failed["a1"].cause == "power-cap"
    assert world.servers["a1"].bmc.power == "Off"
