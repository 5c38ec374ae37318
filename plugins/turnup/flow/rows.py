"""What a row of a flow is. The DAG, the pages, the README's picture and the tests all read the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from turnup.domain.errors import Problem, TurnupError
from turnup.domain.planner import Request
from turnup.domain.plans import Plan
from turnup.domain.policy import Policy
from turnup.domain.servers import Snapshot
from turnup.flow.job import Job, RackJob
from turnup.flow.waiting import Waiting

Failures = Mapping[str, TurnupError]
"""{server name: why it cannot go on}. The servers that are not in it go on."""


class Undo(Enum):
    """Rows that have nothing to take back, or nothing that can be."""

    NOTHING = "nothing to undo"
    IRREVERSIBLE = "cannot be undone"


NOTHING: Final = Undo.NOTHING
IRREVERSIBLE: Final = Undo.IRREVERSIBLE


type Planner = Callable[[Snapshot, Policy, Request], Plan | tuple[Problem, ...]]
"""How a flow's plan is made, or what stands in its way."""


type Undoing = Callable[[Job], Waiting[None] | None]
"""How a row is taken back for one server. What never happened is no error. Where that has to wait, it is a step that waits."""


@dataclass(frozen=True)
class RackRow:
    """One task for the whole rack, in bulk calls, with one outcome a server. Doing it twice equals doing it once."""

    name: str
    title: str
    do: Callable[[RackJob], Failures]
    undo: Undoing | Undo


@dataclass(frozen=True)
class ServerRow:
    """One task a server. `do` may wait (see `waiting`); it starts anew after a crash and finds what it did before."""

    name: str
    title: str
    do: Callable[[Job], Waiting[None]]
    undo: Undoing | Undo


@dataclass(frozen=True)
class Flow:
    """A process with fixed steps: rack-wide rows first, then each server's own, then one that closes the run.

    Snapshot and plan come before every flow's rows: they make what the rows obey. Of a dry run only they are done, and
    where the flow says so a `preflight`: a look whether the plan could be carried out.
    """

    name: str
    version: int
    plans: Planner
    done: str
    """What a server is that got through."""
    rack_rows: Sequence[RackRow]
    server_rows: Sequence[ServerRow]
    closing_row: RackRow
    preflight: bool = False
    leaves: bool = False
    """Its servers go out of service: they are surveyed and sealed, and a claim that was lost is never taken again."""
    why_not_undone: Callable[[Job], str] = lambda job: ""  # noqa: ARG005
    """Nothing where an abort may undo what was done to the server; else the reason, for a person."""

    def is_after_live(self, row: ServerRow) -> bool:
        """Whether a server is live when this row begins: a row before it cannot be undone."""
        if self.leaves:
            return False
        before = self.server_rows[: list(self.server_rows).index(row)]
        return any(one.undo is IRREVERSIBLE for one in before)

    def server_row(self, name: str) -> ServerRow:
        """The per-server row of that name."""
        return next(row for row in self.server_rows if row.name == name)

    def rack_row(self, name: str) -> RackRow:
        """The rack-wide row of that name."""
        return next(row for row in (*self.rack_rows, self.closing_row) if row.name == name)
