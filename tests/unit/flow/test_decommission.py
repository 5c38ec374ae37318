"""The decommission flow over fakes: the good day, each bad day that has a cause of its own, waivers, aborts, restarts."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.flow.leaving import ROWS, SITE, Leave, LiveSite
from turnup.domain.errors import Refused


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


def test_a_server_whose_last_row_fails_after_its_addresses_are_released_is_resumed_there() -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    for row in ROWS[:-1]:
        assert run.row(row, "a1")
    world.inventory.fail_next("write", Refused("NetBox says no."))
    assert not run.row("netbox", "a1")
    assert run.row("netbox", "a1", resumed=True)
    assert world.statuses()["a1"] == "inventory"


def test_a_wipe_that_has_begun_is_resumed_under_an_approval_that_is_a_day_old() -> None:
    """Large drives take days; an approval counts longer once they are at work."""
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    for row in ("drain", "reset", "identity", "wipe"):
        assert run.row(row, "a1")
    (answer,) = run.records.names("approval")
    del run.records.kept[answer]  # as if all of it had begun a day ago
    run.records._sha256.pop(answer)
    run.decide("ann", ago=SITE.timeouts.approval + 60)
    assert run.row("prove", "a1", resumed=True)


def test_a_status_that_a_person_gave_it_stays_when_a_row_fails_because_of_it() -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    assert run.row("drain", "a1")
    world.inventory.correct(1, lambda server: replace(server, status="offline"))
    for _ in range(2):
        assert not run.row("reset", "a1", resumed=True)
        assert run.failed["a1"].cause in ("claim-lost", "facts-changed")
        assert world.statuses()["a1"] == "offline"
    assert world.servers["a1"].bmc.power == "On"
