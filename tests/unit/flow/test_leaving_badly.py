"""Bad days of a decommission over fakes: waivers, drives that fail, servers that are lost, aborts, and each guard's refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.flow.chance.story import Story
from tests.unit.flow.chance.world import CLAIM, Happening, Interruption, World
from tests.unit.flow.leaving import POLICY, ROWS, Leave, LiveSite
from turnup.domain.errors import Refused, RefusedPlan, TurnupError
from turnup.domain.policy import Power
from turnup.domain.seals import UNWIPED_TAG
from turnup.flow import guard
from turnup.flow.steps import plan as plan_step

BEFORE_WIPE = ("drain", "reset", "identity")
UNTOUCHED = ["data of a customer"] * 2


def left(world: LiveSite, name: str) -> tuple[str, bool]:
    """Status in NetBox, and whether it has the tag."""
    (server,) = world.inventory.devices("here", [name])
    return server.status, UNWIPED_TAG in server.tags


def to_shred(run: Leave) -> list[dict[str, Any]]:
    """The run's pull-and-shred list."""
    found: list[dict[str, Any]] = json.loads(run.records.kept["pull-and-shred/1.json"])["drives"]
    return found


def test_a_waiver_leaves_the_data_and_says_so_everywhere() -> None:
    world = LiveSite(4)
    run = Leave(world)
    assert run.leave("a1", wipe="none") == {}
    assert left(world, "a1") == ("offline", True)
    assert world.contents()["a1"] == UNTOUCHED
    assert [one["drive"].split()[0] for one in to_shred(run)] == ["S1-1", "S1-2"]
    assert {one["why"] for one in to_shred(run)} == {"the wipe was waived"}
    assert "NOT wiped" in world.inventory.journal[-1].comments
    assert "pull and shred" in world.inventory.causes[1].lower()
    assert not [name for name in run.records.kept if name.startswith(("certificates", "outcomes"))]
    assert world.salt.accepted_key("a1.here.example") is None
    assert world.servers["a1"].bmc.power == "Off"


@pytest.mark.parametrize("how", ["fails", "hangs", "read_only", "lies"])
def test_a_drive_that_is_not_wiped_is_to_be_shredded_and_the_other_has_its_certificate(how: str) -> None:
    world = LiveSite(4)
    setattr(world.servers["a1"].drives[0], how, True)
    run = Leave(world)
    assert run.leave("a1") == {}
    assert left(world, "a1") == ("offline", True)
    (shred,) = to_shred(run)
    assert (shred["slot"], shred["drive"].split()[0]) == ("1", "S1-1")
    assert len([name for name in run.records.kept if name.startswith("certificates/")]) == 1
    assert "S1-1" in world.inventory.causes[1]
    assert world.servers["a1"].drives[1].content == "zeros"


def test_a_server_that_is_lost_while_it_wipes_leaves_as_not_wiped_when_that_is_said_twice() -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    machine = world.servers["a1"]
    machine.on_wipe = lambda drive, order: setattr(machine.machine, "up", False)
    for row in BEFORE_WIPE:
        assert run.row(row, "a1")
    assert not run.row("wipe", "a1")
    assert run.failed["a1"].cause == "server-lost"
    assert world.statuses()["a1"] == "decommissioning"
    assert run.server_rows("a1", first="wipe", resumed=True), run.failed
    assert run.finish() == {}
    assert left(world, "a1") == ("offline", True)
    assert len(to_shred(run)) == 2


@pytest.mark.parametrize("gone", ["BMC", "running system", "minion"])
def test_who_cannot_be_asked_is_not_sealed_for_a_wipe_and_leaves_by_waiver_alone(gone: str) -> None:
    world = LiveSite(4)
    machine = world.servers["a1"]
    match gone:
        case "BMC":
            machine.bmc.answers = False
        case "running system":
            machine.machine.up = False
        case "minion":
            world.salt.up.discard(machine.minion_id)
    with pytest.raises(RefusedPlan, match="cannot be wiped and proven"):
        Leave(world).seal("a1")
    run = Leave(world, "run-2")
    assert run.leave("a1", wipe="none") == {}
    assert left(world, "a1") == ("offline", True)
    assert world.contents()["a1"] == UNTOUCHED
    if gone == "BMC":
        assert machine.bmc.power == "On"
        assert "Pull its plug" in world.inventory.causes[1]
    if gone == "running system":
        assert [one["slot"] for one in to_shred(run)] == ["all"]


def test_who_has_no_address_in_netbox_may_serve_unseen_and_is_not_sealed() -> None:
    world = LiveSite(4)
    world.inventory.release([one.id for one in world.inventory.addresses_on([10])], "by hand")
    for wipe in ("clear", "none"):
        with pytest.raises(RefusedPlan, match="nobody can tell whether it serves in edge"):
            Leave(world, f"run-{wipe}").seal("a1", wipe=wipe)


@pytest.mark.parametrize(
    "done", [(), *[BEFORE_WIPE[: number + 1] for number in range(3)]], ids=lambda done: "-".join(done) or "claim"
)
def test_an_abort_before_the_wipe_puts_it_back_into_service(done: tuple[str, ...]) -> None:
    world = LiveSite(4)
    before = world.footprint()
    run = Leave(world)
    run.ready("a1")
    for row in done:
        assert run.row(row, "a1")
    run.put_back("a1")
    assert world.footprint() == before
    assert world.serving() == {"a1", "a2", "a3", "a4"}
    assert world.contents()["a1"] == UNTOUCHED
    for row in ROWS:
        assert not run.row(row, "a1", resumed=True), row
        assert run.failed["a1"].cause == "run-closed"
    assert world.footprint() == before


@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_fails_leaves_it_held_and_an_abort_puts_it_back_or_says_that_it_is_too_late(row: str) -> None:
    world = LiveSite(4)
    before = world.footprint()
    run = Leave(world)
    run.ready("a1")
    for former in ROWS[: ROWS.index(row)]:
        assert run.row(former, "a1")
    world.slots.fail_next("take", Refused("The folder of slots is full."))
    world.traffic.fail_next("state", Refused("The load balancer says no."))
    failed = not run.row(row, "a1")
    assert failed or row in ("identity", "prove")  # they take nothing and ask no load balancer
    assert world.statuses()["a1"] == "decommissioning"
    assert world.claims()["a1"] == run.run.claim
    world.slots._faults.clear()
    world.traffic._faults.clear()
    if ROWS.index(row) <= ROWS.index("wipe"):
        run.put_back("a1")
        assert world.footprint() == before
        return
    with pytest.raises(Refused) as refused:
        run.put_back("a1")
    assert refused.value.cause == "abort-too-late"
    assert run.server_rows("a1", first=row, resumed=True), run.failed
    assert left(world, "a1") == ("inventory", False)


def test_an_abort_in_the_middle_of_the_wipe_comes_too_late_and_no_further_drive_begins() -> None:
    world = LiveSite(4)
    machine = world.servers["a1"]
    machine.at_once, machine.looks = 1, 3
    run = Leave(world)
    run.ready("a1")
    for row in BEFORE_WIPE:
        assert run.row(row, "a1")
    refused: list[TurnupError] = []

    def abort_once() -> None:
        if machine.acceptance and machine.acceptance.states and not refused:
            run.between = lambda: None
            with pytest.raises(Refused) as one:
                run.put_back("a1")
            refused.append(one.value)

    run.between = abort_once
    assert run.row("wipe", "a1")
    assert refused[0].cause == "abort-too-late"
    assert [drive.content for drive in machine.drives] == ["zeros", "data of a customer"]
    assert run.server_rows("a1", first="prove")
    assert run.finish() == {}
    assert left(world, "a1") == ("offline", True)
    assert [one["drive"].split()[0] for one in to_shred(run)] == ["S1-2"]


def test_a_server_that_an_abort_took_over_is_not_switched_off_by_the_row_that_started_it() -> None:
    world = LiveSite(4)
    machine = world.servers["a1"]
    run = Leave(world)
    run.ready("a1")
    assert run.row("drain", "a1")
    machine.boots = False

    def take_over() -> None:
        if machine.bmc.boots_from_network or "power_on" in machine.bmc.calls:
            world.inventory.correct(1, lambda server: replace(server, claim="server_abort/abort-1"))

    run.between = take_over
    assert not run.row("reset", "a1")
    assert machine.bmc.power == "On"
    assert machine.bmc.calls.count("power_off") == 1


@pytest.mark.parametrize("row", (CLAIM, *ROWS))
def test_where_a_process_dies_in_the_middle_of_a_row_the_next_one_goes_on(row: str) -> None:
    for call, after in ((7, True), (16, False)):
        story = Story(World(interruptions=(Interruption("crash", row, call, after),)))
        assert story.play().reached["interrupted: crash"]
        assert left(story.site, "a1") == ("inventory", False), call


@pytest.mark.parametrize("row", ROWS)
def test_an_abort_in_the_middle_of_a_row_puts_the_server_back_or_leaves_the_row_alone(row: str) -> None:
    for call in (8, 25):
        story = Story(World(interruptions=(Interruption("abort", row, call),)))
        before = story.site.footprint()
        story.play()
        assert left(story.site, "a1") == ("inventory", False) or story.site.footprint() == before, call


def test_a_no_that_comes_while_it_waits_for_its_turn_to_start_leaves_it_off() -> None:
    world = LiveSite(4)
    run = Leave(world, policy=replace(POLICY, site=replace(POLICY.site, power=Power(at_once_per_rack=1, seconds=60))))
    run.ready("a1", "a2")
    for name in ("a1", "a2"):
        assert run.row("drain", name)
    assert run.row("reset", "a1")
    run.between = lambda: None if run.failed else run.decide("ann", chosen="Reject")
    assert not run.row("reset", "a2")
    assert run.failed["a2"].cause == "approval-missing"
    assert "power_on" not in world.servers["a2"].bmc.calls


def test_a_server_that_was_installed_anew_since_it_was_sealed_is_not_claimed() -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.seal("a1", "a2")
    run.decide("ann")
    world.inventory.correct(1, lambda server: replace(server, last_run="server_install/anew"))
    assert run.rack_rows() == ("a2",)
    assert world.statuses()["a1"] == "active"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("bmc serials swapped", "its serial number is not one"),
        ("inner serials swapped", "its serial number is not one"),
        ("other mac", "02:00:00:00:07:07"),
        ("drives gone", "an empty list never means all of them"),
        ("drive nameless", "has no serial number or no size"),
        ("drive doubled", "2 drives have the serial number"),
        ("all others unwell", "NOT enough"),
        ("off", "cannot be wiped and proven"),
    ],
)
def test_what_does_not_agree_is_not_sealed(what: str, words: str) -> None:
    story = Story(World(before=(Happening(what, "before"),)))
    assert story.play().reached["not sealed"] == 1
    assert words in " ".join(story.witness.why)
    assert story.site.contents()["a1"][:2] == UNTOUCHED[: len(story.site.servers["a1"].drives)]


def test_every_row_twice_is_every_row_once() -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    for row in ROWS:
        assert run.row(row, "a1"), run.failed
        assert run.row(row, "a1"), run.failed
    assert run.finish() == {}
    assert run.finish() == {}
    assert left(world, "a1") == ("inventory", False)
    assert world.servers["a1"].bmc.calls.count("power_on") == 1
    assert world.serving() == {"a2", "a3", "a4"}


@pytest.mark.parametrize("row", ROWS)
def test_a_task_that_is_cleared_after_the_run_ended_touches_nothing(row: str) -> None:
    world = LiveSite(4)
    run = Leave(world)
    assert run.leave("a1") == {}
    world.servers["a1"].bmc.power_on()  # somebody uses it already
    before, calls = world.footprint(), list(world.servers["a1"].bmc.calls)
    assert not run.row(row, "a1", resumed=True)
    assert run.failed["a1"].cause == "run-closed"
    assert world.footprint() == before
    assert world.servers["a1"].bmc.calls == calls


type Spoils = Callable[[LiveSite, Leave], None]


def by_hand(**fields: Any) -> Spoils:
    return lambda world, run: world.inventory.correct(1, lambda server: replace(server, **fields))


def without(name: str) -> Spoils:
    def lose(world: LiveSite, run: Leave) -> None:
        for one in run.records.names(name) or (name,):
            del run.records.kept[one]

    return lose


def forged(world: LiveSite, run: Leave) -> None:
    run.records.kept["plan.json"] = run.records.kept["plan.json"].replace(b"S1-1", b"S2-1")


def planned_again(world: LiveSite, run: Leave) -> None:
    plan_step.replace_part(run.records, replace(plan_step.first(run.records).server("a1"), serial="S2"))


REFUSALS: list[tuple[str, Spoils, str]] = [
    ("the seal is gone", without("plan.json"), "plan-missing"),
    ("the seal was changed", forged, "request-refused"),
    ("somebody planned again", planned_again, "seal-broken"),
    ("no approval was kept", without("approval"), "approval-missing"),
    ("the approver says no later", lambda world, run: run.decide("ann", chosen="Reject"), "approval-missing"),
    ("who asked says yes", lambda world, run: run.decide("rob"), "approval-invalid"),
    ("a stranger says yes", lambda world, run: run.decide("eve"), "approval-invalid"),
    ("a yes of tomorrow", lambda world, run: run.decide("ann", ago=-86400), "approval-invalid"),
    ("it is active again", by_hand(status="active"), "claim-lost"),
    ("another run holds it", by_hand(claim="server_install/other"), "claim-lost"),
    ("no run holds it", by_hand(claim=None), "claim-lost"),
    ("it has another name", by_hand(name="b1"), "facts-changed"),
    ("it has another serial number", by_hand(serial="S9"), "facts-changed"),
    ("it is somewhere else in its rack", by_hand(position=9.0), "facts-changed"),
    ("it has another role", by_hand(role="db"), "facts-changed"),
    ("it is somebody else's", by_hand(tenant="other"), "facts-changed"),
    ("it is in no rack", lambda world, run: world.inventory.carry_away(1), "facts-changed"),
    ("the run is done with it", lambda world, run: closed(run), "run-closed"),
]


def closed(run: Leave) -> None:
    run.records.write(f"{guard.CLOSED}/a1/1.json", b'{"why": "it was put back"}')


@pytest.mark.parametrize(("spoils", "cause"), [one[1:] for one in REFUSALS], ids=[one[0] for one in REFUSALS])
def test_every_row_refuses_by_itself(spoils: Spoils, cause: str) -> None:
    world = LiveSite(4)
    run = Leave(world)
    run.ready("a1")
    for row in (*BEFORE_WIPE, "wipe", "prove"):
        assert run.row(row, "a1")
    jobs = {row: run.job(row, "a1") for row in ROWS}
    spoils(world, run)
    before, calls = world.footprint(), list(world.servers["a1"].bmc.calls)
    for row, job in jobs.items():
        with pytest.raises(TurnupError) as refused:
            run.until_done(run.flow.server_row(row).do(job))
        assert refused.value.cause in (cause, "seal-broken" if cause == "plan-missing" else cause), row
    assert world.footprint() == before
    assert world.servers["a1"].bmc.calls == calls
