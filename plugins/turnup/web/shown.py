"""What the Racks page shows, as plain values: the templates and the JSON under `/turnup/api/` are made of the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from turnup.domain.board import NEEDS_SOMEBODY, Action, State

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


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
