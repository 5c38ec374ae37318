"""What a report says: everything about one run that a person or a program may want to know afterwards.

Times are ISO 8601 in UTC, durations seconds. New fields get a default, so that a report of an older version can still be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from turnup.flow.times import Outcome, Waited

FORMAT = "turnup-report/1"


class State(StrEnum):
    """How a row, a server or a run stands. What nobody reached is not said to have failed."""

    DONE = "done"
    FAILED = "failed"
    GOING_ON = "going on"
    PENDING = "not reached"
    STOPPED = "stopped"
    UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Problem:
    """One reason why a plan or an abort was refused."""

    subject: str
    what: str
    advice: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that a dry run looked at, and how it stood: `ok`, `problem` or `not checked`."""

    subject: str
    check: str
    outcome: str
    what: str
    advice: str = ""
    code: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a row failed, and what to do about it. `mended`: the same row was done later."""

    row: str
    what: str
    advice: str
    code: str = ""
    at: str | None = None
    mended: bool = False


@dataclass(frozen=True)
class Try:
    """One try of a row, with what took long in it and, where it was not done, what it ran into."""

    attempt: int
    began: str
    ended: str
    seconds: float
    outcome: Outcome
    waits: tuple[Waited, ...] = ()
    what: str = ""


@dataclass(frozen=True)
class Row:
    """A row of the flow, for one server or for the whole rack. `seconds` is from the first try's begin to the last one's end."""

    name: str
    title: str
    state: State
    began: str | None = None
    ended: str | None = None
    seconds: float | None = None
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True)
class SaltChange:
    """One Salt state that changed something."""

    id: str
    function: str = ""
    comment: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SaltRun:
    """One run of the role's states: how many there were, and those that changed something."""

    states: int
    changes: tuple[SaltChange, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One measured figure against its threshold. `value` is None where it was not measured."""

    test: str
    figure: str
    unit: str
    value: float | None
    at_least: float | None
    at_most: float | None
    outcome: str
    evidence: str


@dataclass(frozen=True)
class BurnIn:
    """One burn-in: its profile and every figure."""

    profile: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Drive:
    """One sealed drive of a server that leaves. `result` is empty as long as nobody knows; `why` where it is not wiped."""

    serial: str
    size: str = ""
    model: str = ""
    slot: str = ""
    result: str = ""
    why: str = ""


@dataclass(frozen=True)
class Server:
    """One server's way through the run. `status` is NetBox's at the end of it, as far as the run knows.

    `planned_again` says what changed each time its part was planned anew, `undone` which rows an abort took back.
    """

    name: str
    state: State
    status: str
    serial: str = ""
    asset_tag: str = ""
    rack: str = ""
    unit: str = ""
    role: str = ""
    generation: str = ""
    hostname: str = ""
    rows: tuple[Row, ...] = ()
    causes: tuple[Cause, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    salt: tuple[SaltRun, ...] = ()
    burn_in: tuple[BurnIn, ...] = ()
    planned_again: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    remark: str = ""
    former_run: str = ""
    former_report: str = ""
    drives: tuple[Drive, ...] = ()

    @property
    def open_cause(self) -> Cause | None:
        """What still keeps the server from being done."""
        last = self.causes[-1] if self.causes else None
        return last if last is not None and self.state is State.FAILED else None

    @property
    def subject(self) -> str:
        """How messages name it, at their beginning."""
        return f"{self.name} (serial {self.serial}, rack {self.rack}, {self.unit or 'no position'})"

    @property
    def seconds(self) -> float | None:
        """How long its rows took together."""
        taken = [row.seconds for row in self.rows if row.seconds is not None]
        return round(sum(taken), 1) if taken else None

    @property
    def place(self) -> str:
        """Enough to find it: serial number, rack and unit."""
        parts = (f"serial {self.serial}" if self.serial else "", f"rack {self.rack}" if self.rack else "", self.unit)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Decision:
    """What somebody decided about the plan."""

    chosen: str
    by: str
    at: str
    plan_sha256: str


@dataclass(frozen=True)
class LeftAlone:
    """A server of the rack that the run did not touch, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Report:
    """One run, as it stood at `written_at`. `url` is its page in Airflow, `link` the report's own."""

    id: str
    dag_id: str
    run_id: str
    state: State
    headline: str
    written_at: str
    title: str = ""
    url: str = ""
    link: str = ""
    started_by: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    seconds: float | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    site: str = ""
    rack: str = ""
    reason: str = ""
    plan_sha256: str = ""
    plan_text: str = ""
    approval_required: bool = False
    approvals: tuple[Decision, ...] = ()
    problems: tuple[Problem, ...] = ()
    checks: tuple[Check, ...] = ()
    causes: tuple[Cause, ...] = ()
    rows: tuple[Row, ...] = ()
    servers: tuple[Server, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    notes: tuple[str, ...] = ()
    format: str = FORMAT
