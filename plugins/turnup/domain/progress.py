"""How far a run is with a server, from the states of its tasks, as any orchestrator tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

ASKS = "awaiting_input"
FAILED = "failed"
DONE = frozenset({"success", "skipped", "removed"})
AT_WORK = frozenset({"running", "deferred", "queued", "scheduled", "restarting", "up_for_retry", "up_for_reschedule", ASKS})

WORDS = {
    ASKS: "waits for a person's answer",
    "up_for_retry": "waits to be tried again",
    "queued": "queued",
    "scheduled": "queued",
    None: "comes next",
}
"""What is said of a task that is not simply at work."""


@dataclass(frozen=True)
class Step:
    """One row of a flow; `each`: every server has its own task."""

    name: str
    title: str
    each: bool = False


@dataclass(frozen=True)
class TaskSeen:
    """One task of a run: of one server where `index` is not negative. `since` (ISO 8601) is when it came into this state."""

    task: str
    index: int
    state: str | None
    since: str = ""


@dataclass(frozen=True)
class RunSeen:
    """One run: for which rack and servers, by whom, and its tasks. `planned`: `servers` are in the order of their indexes."""

    dag_id: str
    run_id: str
    state: str
    started_by: str = ""
    began: str = ""
    ended: str = ""
    site: str = ""
    rack: str = ""
    servers: tuple[str, ...] = ()
    planned: bool = False
    dry_run: bool = False
    tasks: tuple[TaskSeen, ...] = ()

    @property
    def claim(self) -> str:
        """How NetBox names this run."""
        return f"{self.dag_id}/{self.run_id}"

    @property
    def going_on(self) -> bool:
        """Whether it has not ended."""
        return self.state in {"queued", "running"}

    @cached_property
    def index_of(self) -> dict[str, int]:
        """{server: the index of its tasks}."""
        return {name: number for number, name in enumerate(self.servers)} if self.planned else {}

    @cached_property
    def by_key(self) -> dict[tuple[str, int], TaskSeen]:
        """{(task, index): the task}."""
        return {(one.task, one.index): one for one in self.tasks}

    def covers(self, site: str, rack: str, server: str) -> bool:
        """Whether the run is about the server, as far as it is known: before there is a plan, by what was asked for.

        A run without a site is one of the only site that there is.
        """
        if self.site not in {"", site} or self.rack not in {"", rack}:
            return False
        return server in self.servers or (not self.planned and not self.servers)

    def asks(self, server: str) -> TaskSeen | None:
        """The task that waits for a person's answer before the server goes on, if one does."""
        index = self.index_of.get(server, -1)
        return next((one for one in self.tasks if one.state == ASKS and one.index in {-1, index}), None)


@dataclass(frozen=True)
class Progress:
    """Where a server stands in a run: the step's number of how many, its task, and whether that is one server's alone."""

    step: str
    title: str
    number: int
    of: int
    state: str | None
    since: str = ""
    index: int = -1

    @property
    def words(self) -> str:
        """What its state adds; empty where it is simply at work."""
        return WORDS.get(self.state, "")


def progress(run: RunSeen, steps: Sequence[Step], server: str) -> Progress | None:
    """The first step that is not done for the server; None where all are, or none can be told."""
    index = run.index_of.get(server)
    known = [one for one in steps if one.each or (one.name, -1) in run.by_key]
    for number, step in enumerate(known, start=1):
        if step.each and index is None:
            return Progress(step.name, step.title, number, len(known), None, run.began)
        at = index if step.each and index is not None else -1
        task = run.by_key.get((step.name, at))
        if task is None or task.state not in DONE:
            state, since = (task.state, task.since) if task else (None, "")
            return Progress(step.name, step.title, number, len(known), state, since or run.began, at)
    return None
