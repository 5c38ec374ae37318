"""The decommission flow over fakes: the good day, each bad day that has a cause of its own, waivers, aborts, restarts."""

from __future__ import annotations

from tests.unit.flow.leaving import Leave, LiveSite


def test_two_servers_leave_wiped_and_proven_and_the_others_are_as_they_were() -> None:
    world = LiveSite(4)
    run = Leave(world)
    assert run.leave("a1", "a2") == {}
    assert world.statuses() == {"a1": "inventory", "a2": "inventory", "a3": "active", "a4": "active"}
    assert set(world.claims().values()) == {None}
    assert world.contents()["a1"] == world.contents()["a2"] == ["zeros", "zeros"]
    assert world.contents()["a3"] == world.contents()["a4"] == ["data of a customer"] * 2
    assert world.serving() == {"a3", "a4"}
    assert [world.servers[name].bmc.power for name in ("a1", "a2", "a3")] == ["Off", "Off", "On"]
