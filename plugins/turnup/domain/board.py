"""How a server stands, in one word, with what led to it and what a person can do about it now.

NetBox says what the server is, the runs say what happens to it. Where they disagree for a moment (a claim is written a second
after its task began), the one who is nearer to the server counts: a task at work is at work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from turnup.domain.cause_text import Told, read_cause
from turnup.domain.fleet import Device
from turnup.domain.progress import AT_WORK, Progress, RunSeen, Step, progress
from turnup.domain.states import WAYS, Status

INSTALL, ADOPT, DECOMMISSION, ABORT = "server_install", "server_adopt", "server_decommission", "server_abort"
DAGS = (INSTALL, ADOPT, DECOMMISSION, ABORT)

GERUNDS = {INSTALL: "installing", ADOPT: "being adopted", DECOMMISSION: "leaving", ABORT: "being undone"}
ENDED_BADLY = {"failed", "upstream_failed"}


class State(StrEnum):
    """The word for how a server stands, the most urgent first."""

    FAILED = "failed"
    STOPPED = "stopped"
    ASKING = "asking"
    WORKING = "working"
    PLANNED = "planned"
    ACTIVE = "active"
    GONE = "gone"
    OFFLINE = "offline"
    OTHER = "other"


NEEDS_SOMEBODY = (State.FAILED, State.STOPPED, State.ASKING)
"""States in which nothing goes on before a person does something."""

RESUMABLE = (State.FAILED, State.STOPPED)
CAUSE_SHOWN = (State.FAILED, State.STOPPED, State.OFFLINE)

KEEPS_STATUS = (Status.ACTIVE, Status.DECOMMISSIONING)
"""Statuses that a server keeps when a row of it fails: its cause says so."""

NOT_BEGUN = (Status.PLANNED, Status.STAGED)

OF_STATUS: Mapping[str, State] = {
    Status.PLANNED: State.PLANNED,
    Status.STAGED: State.PLANNED,
    Status.ACTIVE: State.ACTIVE,
    Status.INVENTORY: State.GONE,
    Status.OFFLINE: State.OFFLINE,
}


@dataclass(frozen=True)
class Action:
    """What a person can do next about one task: `resume` it, or `approve` what it asks."""

    kind: str
    text: str
    dag_id: str
    run_id: str
    task: str
    index: int


@dataclass(frozen=True)
class Standing:
    """One server. `label` is the word that people read; `since` (ISO 8601) is when it came to this, where that is known."""

    device: Device
    state: State
    label: str
    ours: bool
    run: RunSeen | None = None
    progress: Progress | None = None
    since: str = ""
    cause: Told | None = None
    note: str = ""
    next: Action | None = None


def standing(
    device: Device,
    rack: str,
    runs: Sequence[RunSeen],
    steps: Mapping[str, Sequence[Step]],
    *,
    ours: bool = True,
    runs_known: bool = True,
) -> Standing:
    """How the server stands. `runs` are those that may concern it, `steps` those of each DAG."""
    if not ours:
        return Standing(device, State.OTHER, device.status, ours=False)
    if not runs and device.claim is None and not device.cause and device.status != Status.FAILED:
        state = OF_STATUS.get(device.status, State.OTHER)  # as nearly all of ten thousand are
        return Standing(device, state, _label(device, state, None), ours=True)
    run = concerning(device, rack, runs)
    at = progress(run, steps.get(run.dag_id, ()), device.name) if run and run.tasks else None
    state = state_of(device, run, at, runs_known=runs_known)
    shown = at if state is State.WORKING or state in NEEDS_SOMEBODY else None
    failed = shown is not None and shown.state in ENDED_BADLY
    cause = read_cause(device.cause) if state in CAUSE_SHOWN else None
    return Standing(
        device,
        state,
        _label(device, state, run),
        ours=True,
        run=run,
        progress=shown,
        since=shown.since if shown else "",
        cause=cause,
        note=_note(device, state, run, failed=failed),
        next=_next(device, state, run, shown),
    )


def concerning(device: Device, rack: str, runs: Sequence[RunSeen]) -> RunSeen | None:
    """The run that holds the server, else the newest that goes on and is about it, else the newest that was."""
    about = [one for one in runs if not one.dry_run and (one.claim == device.claim or one.covers(device.site, rack, device.name))]
    newest = sorted(about, key=lambda one: one.began, reverse=True)
    newest.sort(key=lambda one: (one.claim != device.claim, not one.going_on))
    return newest[0] if newest else None


def state_of(device: Device, run: RunSeen | None, at: Progress | None = None, *, runs_known: bool = True) -> State:
    """The word. Without `at` nothing is known of tasks but who asks."""
    going_on = run is not None and run.going_on
    busy = State.ASKING if run is not None and run.asks(device.name) else State.WORKING
    if run is not None and going_on and _is_at_work(device, run, at):
        return busy
    if _has_failed(device, at):
        return State.FAILED
    if run is not None and going_on and device.claim is None and _may_begin(device, run, at):
        return busy
    if device.claim is not None:
        return State.STOPPED if runs_known else State.WORKING
    return OF_STATUS.get(device.status, State.OTHER)


def _is_at_work(device: Device, run: RunSeen, at: Progress | None) -> bool:
    """Whether a run that goes on holds the server, or has a task of its own for it at work."""
    if device.claim == run.claim:
        return not device.cause or (at is not None and at.state not in ENDED_BADLY)
    return at is not None and at.index >= 0 and at.state in AT_WORK


def _has_failed(device: Device, at: Progress | None) -> bool:
    """Whether NetBox says so, or its task says so and nobody changed the server since."""
    if device.status == Status.FAILED or (device.cause and device.status in KEEPS_STATUS):
        return True
    badly = at is not None and at.state in ENDED_BADLY and not _later(device.version, at.since)
    return badly and device.status in NOT_BEGUN


def _may_begin(device: Device, run: RunSeen, at: Progress | None) -> bool:
    """Whether a run that does not hold the server yet is going to: it is in a status from which the run's way begins."""
    way = WAYS.get(run.dag_id.removeprefix("server_"))
    if run.tasks and run.planned and at is None and any(one.index >= 0 for one in run.tasks):
        return False  # every step is done
    if run.planned and device.name not in run.servers:
        return False
    return way is None or device.status in way.claims.before


def _label(device: Device, state: State, run: RunSeen | None) -> str:
    if state is State.WORKING:
        return GERUNDS.get(run.dag_id if run else "", "held by a run")
    if state is State.ASKING:
        return "waits for a yes"
    if state is State.STOPPED:
        return "stopped"
    if state is State.FAILED:
        return "not in service" if device.status == Status.ACTIVE else "failed"
    return "wiped" if state is State.GONE else device.status


def _note(device: Device, state: State, run: RunSeen | None, *, failed: bool) -> str:
    """What else a person has to know before they do something."""
    if state is State.STOPPED:
        which = "has ended" if run is not None and not run.going_on else "is not among those that go on"
        return f"It is held by the run {device.claim}, which {which}. Resume it there, or abort the server to break its claim."
    if state is State.FAILED and not failed:
        return "Airflow has no failed task of it any more: install it again, or abort it."
    return ""


def _next(device: Device, state: State, run: RunSeen | None, at: Progress | None) -> Action | None:
    if run is None:
        return None
    if state is State.ASKING and (asks := run.asks(device.name)):
        return Action("approve", "Answer\N{HORIZONTAL ELLIPSIS}", run.dag_id, run.run_id, asks.task, asks.index)
    if state in RESUMABLE and at is not None and at.state in ENDED_BADLY:
        return Action("resume", f"Resume at {at.step.replace('_', ' ')}", run.dag_id, run.run_id, at.step, at.index)
    return None


def _later(one: str, other: str) -> bool:
    """Whether one time (ISO 8601) is after another; not so where one of them is none."""
    try:
        return datetime.fromisoformat(one) > datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False
