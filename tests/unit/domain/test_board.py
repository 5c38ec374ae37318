"""How a server stands: NetBox's word, the runs' tasks, and which of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from turnup.domain.board import INSTALL, State, standing
from turnup.domain.cause_text import read_cause
from turnup.domain.elevation import elevation, numbers, units
from turnup.domain.fleet import Device, Fleet, Rack, natural
from turnup.domain.progress import RunSeen, Step, TaskSeen

STEPS: dict[str, Sequence[Step]] = {
    INSTALL: (
        Step("plan", "decide"),
        Step("claim", "take it"),
        Step("boot", "switch on", each=True),
        Step("live", "it lives", each=True),
    ),
    "server_decommission": (Step("seal", "fix"), Step("approval", "ask"), Step("drain", "out of its pool", each=True)),
}
PLANNED = Device(1, "a1", "here", "planned", "2026-11-22T10:00:00Z")
CAUSE = "boot: a1 (serial S1): the BMC is silent.\n  port: down Next: look. [bmc-silent] (run server_install/run-1)"


def run(*tasks: tuple[str, int, str | None], state: str = "running", **differs: object) -> RunSeen:
    seen = tuple(TaskSeen(task, index, word, "2026-11-22T11:00:00+00:00") for task, index, word in tasks)
    made = RunSeen(INSTALL, "run-1", state, "ada", "2026-11-22T10:30:00+00:00", "", "here", "R1", ("a0", "a1"), True, False, seen)
    return replace(made, **differs)  # type: ignore[arg-type]


BEGUN = (("plan", -1, "success"), ("claim", -1, "success"))
CLAIMED = replace(PLANNED, status="staged", claim="server_install/run-1", last_run="server_install/run-1")
FAILED = replace(PLANNED, status="failed", last_run="server_install/run-1", cause=CAUSE)


@pytest.mark.parametrize(
    ("device", "seen", "state", "label"),
    [
        (PLANNED, None, State.PLANNED, "planned"),
        (replace(PLANNED, status="active"), None, State.ACTIVE, "active"),
        (replace(PLANNED, status="inventory"), None, State.GONE, "wiped"),
        (replace(PLANNED, status="something-new"), None, State.OTHER, "something-new"),
        (PLANNED, run(("plan", -1, "running"), planned=False, servers=()), State.WORKING, "installing"),
        (PLANNED, run(("plan", -1, "running"), planned=False, servers=("a0",)), State.PLANNED, "planned"),
        (PLANNED, run(*BEGUN, dry_run=True), State.PLANNED, "planned"),
        (PLANNED, run(*BEGUN, site="elsewhere"), State.PLANNED, "planned"),
        (PLANNED, run(*BEGUN, ("approval", -1, "awaiting_input")), State.ASKING, "waits for a yes"),
        (CLAIMED, run(*BEGUN, ("boot", 1, "deferred")), State.WORKING, "installing"),
        (CLAIMED, run(*BEGUN, ("boot", 1, "awaiting_input")), State.ASKING, "waits for a yes"),
        (CLAIMED, run(*BEGUN, ("boot", 0, "awaiting_input"), ("boot", 1, "deferred")), State.WORKING, "installing"),
        (CLAIMED, run(*BEGUN, ("boot", 1, "failed"), state="failed"), State.FAILED, "failed"),
        (CLAIMED, run(*BEGUN, ("boot", 1, "success"), ("live", 1, "success"), state="success"), State.STOPPED, "stopped"),
        (CLAIMED, None, State.STOPPED, "stopped"),
        (FAILED, run(*BEGUN, ("boot", 1, "failed")), State.FAILED, "failed"),
        (FAILED, run(*BEGUN, ("boot", 1, "running")), State.WORKING, "installing"),
        (FAILED, None, State.FAILED, "failed"),
        (replace(PLANNED, status="active", cause=CAUSE), None, State.FAILED, "not in service"),
        (replace(PLANNED, status="active"), run(*BEGUN, ("boot", 1, "success"), ("live", 1, "success")), State.ACTIVE, "active"),
        (PLANNED, run(*BEGUN, ("boot", 1, "failed"), state="failed"), State.FAILED, "failed"),
        (
            replace(PLANNED, version="2026-11-22T11:00:01Z"),
            run(*BEGUN, ("boot", 1, "failed"), state="failed"),
            State.PLANNED,
            "planned",
        ),
    ],
)
def test_a_server_stands_as_whoever_is_nearest_to_it_says(device: Device, seen: RunSeen | None, state: State, label: str) -> None:
    one = standing(device, "R1", [seen] if seen else [], STEPS)
    assert (one.state, one.label) == (state, label)


def test_what_turnup_leaves_alone_is_told_by_its_status_alone() -> None:
    one = standing(FAILED, "R1", [run(*BEGUN)], STEPS, ours=False)
    assert (one.state, one.label, one.next, one.cause) == (State.OTHER, "failed", None, None)


def test_a_failed_server_tells_cause_step_and_where_it_is_resumed() -> None:
    one = standing(FAILED, "R1", [run(*BEGUN, ("boot", 1, "failed"), ("live", 1, "upstream_failed"))], STEPS)
    assert one.cause is not None
    assert (one.cause.step, one.cause.code, one.cause.advice) == ("boot", "bmc-silent", "look.")
    assert one.cause.what == "a1 (serial S1): the BMC is silent.\n  port: down"
    assert one.progress is not None
    assert (one.progress.step, one.progress.number, one.progress.of) == ("boot", 3, 4)
    assert one.next is not None
    assert (one.next.kind, one.next.run_id, one.next.task, one.next.index) == ("resume", "run-1", "boot", 1)


def test_a_failure_of_the_whole_rack_is_resumed_there() -> None:
    seen = run(("plan", -1, "success"), ("claim", -1, "failed"), ("boot", 1, "upstream_failed"), state="failed")
    one = standing(FAILED, "R1", [seen], STEPS)
    assert one.next is not None
    assert (one.next.task, one.next.index) == ("claim", -1)


def test_without_the_task_that_failed_there_is_advice_instead_of_a_button() -> None:
    one = standing(FAILED, "R1", [], STEPS)
    assert one.next is None
    assert "install it again, or abort it" in one.note


def test_a_question_is_answered_at_the_task_that_asks() -> None:
    seen = replace(run(("seal", -1, "success"), ("approval", -1, "awaiting_input")), dag_id="server_decommission")
    one = standing(replace(PLANNED, status="active"), "R1", [seen], STEPS)
    assert one.next is not None
    assert (one.next.kind, one.next.task, one.next.index) == ("approve", "approval", -1)


def test_a_decommission_that_failed_is_failed_while_the_others_go_on() -> None:
    device = replace(PLANNED, status="decommissioning", claim="server_decommission/run-1", cause="drain: a1: no.")
    seen = replace(
        run(("seal", -1, "success"), ("approval", -1, "success"), ("drain", 1, "failed")), dag_id="server_decommission"
    )
    assert standing(device, "R1", [seen], STEPS).state is State.FAILED
    assert standing(device, "R1", [replace(seen, tasks=())], STEPS).state is State.FAILED


def test_a_held_server_is_not_said_to_have_stopped_where_runs_are_not_known() -> None:
    assert standing(CLAIMED, "R1", [], STEPS, runs_known=False).state is State.WORKING


def test_the_run_that_holds_a_server_counts_before_newer_ones() -> None:
    newer = replace(run(("plan", -1, "failed"), state="failed"), run_id="run-2", began="2026-11-22T12:00:00+00:00")
    one = standing(CLAIMED, "R1", [newer, run(*BEGUN, ("boot", 1, "deferred"))], STEPS)
    assert one.run is not None
    assert one.run.run_id == "run-1"


@pytest.mark.parametrize("text", ["a person wrote this", "x" * 9000, "boot: ", "[", "Next: ", "(run "])
def test_a_cause_of_any_form_is_read(text: str) -> None:
    found = read_cause(text)
    assert found is not None
    assert found.what or found.advice or found.step


RACK = Rack(1, "R1", "here", "active", "", units=10)


def test_a_rack_is_drawn_from_the_top() -> None:
    low, high = replace(PLANNED, position=1), replace(PLANNED, id=2, position=8, height=2)
    drawn = elevation(RACK, [low, high])
    assert [(one.device.id, one.top, one.height) for one in drawn.places] == [(2, 1, 2), (1, 9, 1)]
    assert numbers(RACK) == (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    assert units(high) == "U8\N{EN DASH}9"


def test_a_rack_that_counts_from_the_top_is_drawn_so() -> None:
    rack = replace(RACK, descending=True, lowest=5)
    drawn = elevation(rack, [replace(PLANNED, position=5), replace(PLANNED, id=2, position=6.5, height=0.5)])
    assert [(one.device.id, one.top, one.height) for one in drawn.places] == [(1, 0, 1), (2, 1.5, 0.5)]
    assert numbers(rack)[0] == 5


def test_devices_at_one_height_are_drawn_side_by_side() -> None:
    front = replace(PLANNED, position=4, full_depth=False, face="front")
    rear = replace(PLANNED, id=2, position=4, full_depth=False, face="rear")
    assert [one.half for one in elevation(RACK, [rear, front]).places] == ["left", "right"]
    assert elevation(RACK, [front]).places[0].half == ""
    assert elevation(RACK, [rear]).places[0].half == "right"


@pytest.mark.parametrize("differs", [{}, {"position": 3, "height": 0}, {"position": 10, "height": 2}, {"position": 11}])
def test_what_has_no_place_is_not_drawn(differs: dict[str, float]) -> None:
    assert elevation(RACK, [replace(PLANNED, **differs)]).unplaced  # type: ignore[arg-type]


def test_names_are_ordered_as_people_count() -> None:
    assert sorted(["R10", "R2", "10", "2", "R2a", "", "²"], key=natural) == ["", "2", "10", "R2", "R2a", "R10", "²"]


def test_a_fleet_without_changes_stays_the_same_object() -> None:
    fleet = Fleet().changed([RACK], [PLANNED], ())
    assert fleet.changed([RACK], [PLANNED], ()) is fleet
    assert fleet.changed([], [replace(PLANNED, status="active")], ()) is not fleet
    assert fleet.version == PLANNED.version
