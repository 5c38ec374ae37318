"""What the Racks page shows, as plain values: the templates and the JSON under `/turnup/api/` are made of the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import quote, urlencode

from turnup.domain.board import NEEDS_SOMEBODY, Action, Standing, State
from turnup.domain.elevation import units
from turnup.domain.fleet import Rack
from turnup.domain.progress import ASKS, RunSeen
from turnup.orchestration import settings
from turnup.web.watch import Known

SYMBOLS = {
    State.FAILED: "\N{MULTIPLICATION X}",
    State.STOPPED: "\N{BLACK SQUARE}",
    State.ASKING: "?",
    State.WORKING: "\N{BLACK RIGHT-POINTING TRIANGLE}",
    State.PLANNED: "\N{WHITE CIRCLE}",
    State.ACTIVE: "\N{CHECK MARK}",
    State.GONE: "\N{WHITE SQUARE}",
    State.OFFLINE: "\N{CIRCLED DIVISION SLASH}",
    State.OTHER: "\N{MIDDLE DOT}",
}
"""A shape for each state: pages can be read without colors."""


@dataclass(frozen=True)
class Links:
    """Where more is to be found; empty where there is nothing."""

    netbox: str = ""
    bmc: str = ""
    run: str = ""
    report: str = ""
    task: str = ""


@dataclass(frozen=True)
class ServerShown:
    """One device of the rack. `action` is what this reader may do about it next; times are ISO 8601."""

    id: int
    name: str
    state: State
    label: str
    ours: bool
    status: str
    units: str
    height: float
    model: str
    role: str
    serial: str
    asset_tag: str
    face: str
    held_by: str = ""
    started_by: str = ""
    step: str = ""
    step_title: str = ""
    step_number: int = 0
    steps: int = 0
    step_words: str = ""
    since: str = ""
    cause: str = ""
    cause_title: str = ""
    cause_code: str = ""
    advice: str = ""
    note: str = ""
    action: Action | None = None
    action_url: str = ""
    links: Links = field(default_factory=Links)

    @property
    def symbol(self) -> str:
        """The state's shape."""
        return SYMBOLS[self.state]

    @property
    def urgent(self) -> bool:
        """Whether somebody has to do something."""
        return self.state in NEEDS_SOMEBODY

    @cached_property
    def version(self) -> str:
        """Another one when anything that is shown changed."""
        return _digest(self)


@dataclass(frozen=True)
class Drawn:
    """A server's box in the drawing: units from the top, height in units, `left`, `right` or the whole width."""

    server: ServerShown
    top: float
    height: float
    half: str


@dataclass(frozen=True)
class RunShown:
    """A run of this rack that a person should know of: one that goes on, or the newest, where it failed as a whole."""

    dag_id: str
    run_id: str
    what: str
    state: str
    started_by: str
    since: str
    servers: int
    url: str
    report: str
    asks: str = ""
    """Where its question is answered, if it asks one."""
    cause: str = ""
    advice: str = ""

    @cached_property
    def version(self) -> str:
        """Another one when anything that is shown changed."""
        return _digest(self)


@dataclass(frozen=True)
class Freshness:
    """How old what is shown is: when NetBox was read, since when it does not answer and why, and what Airflow does not tell."""

    read_at: str = ""
    netbox_error: str = ""
    netbox_error_since: str = ""
    airflow_error: str = ""


@dataclass(frozen=True)
class RackShown:
    """One rack. `servers` are from top to bottom, `others` are in the rack without a place in the drawing."""

    site: str
    site_name: str
    rack: str
    status: str
    location: str
    units: tuple[int, ...]
    counts: dict[str, int]
    servers: tuple[Drawn, ...]
    others: tuple[ServerShown, ...]
    runs: tuple[RunShown, ...]
    hold: str
    notes: tuple[str, ...]
    netbox: str
    freshness: Freshness


@dataclass(frozen=True)
class RackLine:
    """One rack in the list: how many of its servers are in each state."""

    site: str
    rack: str
    counts: dict[str, int]
    others: int
    url: str

    @property
    def servers(self) -> int:
        """How many of it are turnup's."""
        return sum(self.counts.values())

    @property
    def urgent(self) -> bool:
        """Whether somebody has to do something there."""
        return any(self.counts.get(state) for state in NEEDS_SOMEBODY)

    @cached_property
    def version(self) -> str:
        """Another one when anything that is shown changed."""
        return _digest(self)


@dataclass(frozen=True)
class SiteShown:
    """One site with its racks."""

    slug: str
    name: str
    counts: dict[str, int]
    racks: tuple[RackLine, ...]
    hold: str
    note: str = ""


@dataclass(frozen=True)
class Urgent:
    """A server for which somebody has to do something."""

    site: str
    rack: str
    name: str
    state: State
    label: str
    cause: str
    url: str

    @property
    def symbol(self) -> str:
        """The state's shape."""
        return SYMBOLS[self.state]


@dataclass(frozen=True)
class FleetShown:
    """Every site. `urgent` are the first of so many (`urgent_total`) that wait for somebody."""

    sites: tuple[SiteShown, ...]
    urgent: tuple[Urgent, ...]
    urgent_total: int
    devices: int
    freshness: Freshness


def rack_url(site: str, rack: str) -> str:
    """The rack's page, relative to `/turnup/`. Names are in the query: there they may hold anything."""
    return f"?{urlencode({'site': site, 'rack': rack})}"


def task_url(run_id: str, dag_id: str, task: str, index: int) -> str:
    """A task's page in Airflow."""
    mapped = f"/mapped/{index}" if index >= 0 else ""
    return f"{settings.run_of(dag_id, run_id).url}/tasks/{quote(task, safe='')}{mapped}"


def count(states: Sequence[State]) -> dict[str, int]:
    """{state: how many}, the most urgent first, without those that nobody is in."""
    found = Counter(states)
    return {state.value: found[state] for state in State if found[state]}


def server_shown(one: Standing, netbox: str, *, may_resume: bool) -> ServerShown:
    """One device as it stands. Whether somebody may answer a question, Airflow decides where it is asked."""
    device, at, cause, run = one.device, one.progress, one.cause, one.run
    action = one.next if one.next and (may_resume or one.next.kind != "resume") else None
    return ServerShown(
        id=device.id,
        name=device.name,
        state=one.state,
        label=one.label,
        ours=one.ours,
        status=device.status,
        units=units(device),
        height=device.height,
        model=device.model,
        role=device.role,
        serial=device.serial,
        asset_tag=device.asset_tag,
        face=device.face,
        held_by=device.claim or "",
        started_by=run.started_by if run and at else "",
        step=at.step if at else cause.step if cause else "",
        step_title=at.title if at else "",
        step_number=at.number if at else 0,
        steps=at.of if at else 0,
        step_words=at.words if at else "",
        since=one.since,
        cause=cause.what if cause else "",
        cause_title=cause.title if cause else "",
        cause_code=cause.code if cause else "",
        advice=cause.advice if cause else "",
        note=one.note,
        action=action,
        action_url=_answer_url(action) if action and action.kind == "approve" else "",
        links=_links(one, netbox),
    )


def run_shown(run: RunSeen, *, cause: str = "", advice: str = "") -> RunShown:
    """One run as it goes."""
    page = settings.run_of(run.dag_id, run.run_id)
    asks = next((one for one in run.tasks if one.state == ASKS and one.index < 0), None)
    return RunShown(
        dag_id=run.dag_id,
        run_id=run.run_id,
        what=f"{run.dag_id.removeprefix('server_').capitalize()}{' (dry run)' if run.dry_run else ''}",
        state=run.state,
        started_by=run.started_by,
        since=run.began if run.going_on else run.ended,
        servers=len(run.servers),
        url=page.url,
        report=page.report,
        asks=f"{task_url(run.run_id, run.dag_id, asks.task, asks.index)}/required_actions" if asks else "",
        cause=cause,
        advice=advice,
    )


def freshness(known: Known, airflow_error: str) -> Freshness:
    """How old it is."""
    return Freshness(_text(known.at), known.error, _text(known.error_since), airflow_error)


def rack_link(rack: Rack, netbox: str) -> str:
    """The rack in NetBox."""
    return f"{netbox}/dcim/racks/{rack.id}/" if netbox else ""


def _answer_url(action: Action) -> str:
    return f"{task_url(action.run_id, action.dag_id, action.task, action.index)}/required_actions"


def _links(one: Standing, netbox: str) -> Links:
    device, run, at = one.device, one.run, one.progress
    page = settings.run_of(run.dag_id, run.run_id) if run else None
    reached = at is not None and at.state is not None
    bmc = f"[{device.bmc}]" if ":" in device.bmc else device.bmc
    return Links(
        netbox=f"{netbox}/dcim/devices/{device.id}/" if netbox else "",
        bmc=f"https://{bmc}" if bmc else "",
        run=page.url if page else "",
        report=page.report if page else "",
        task=task_url(run.run_id, run.dag_id, at.step, at.index) if run and at and reached else "",
    )


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
