"""What all runs did, added up: each run's history is read once, and again when it was resumed or as long as it goes on.

The numbers come from the report store and from Airflow's list of runs, which all API servers share: each tells the same, also
after a restart. They fall only where somebody deletes runs, which Prometheus takes for a restart.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from turnup.domain.error_budget import LONGEST_WINDOW, Ending
from turnup.domain.errors import TurnupError
from turnup.reporting.history import Past
from turnup.web.eyes.airflow import AirflowRun

LOG = logging.getLogger("turnup.metrics")

BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
"""Upper limits of a row's duration in seconds: from a write to NetBox to a burn-in of a day."""

SETTLED = timedelta(days=LONGEST_WINDOW + 1)
"""A run that ended so long ago is in the totals, and is not looked at any more."""


@dataclass
class Totals:
    """Counts of everything. `took` {(row, generation, number of the bucket): tries}, `seconds` their sum."""

    ended: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    failed: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    took: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, more: Totals) -> None:
        """So much more of everything."""
        self.ended.update(more.ended)
        self.failed.update(more.failed)
        self.found.update(more.found)
        self.took.update(more.took)
        for key, seconds in more.seconds.items():
            self.seconds[key] = self.seconds.get(key, 0.0) + seconds


def totals_of(past: Past) -> Totals:
    """One run, counted."""
    seconds: dict[tuple[str, str], float] = {}
    for took in past.took:
        key = took.row, took.generation
        seconds[key] = seconds.get(key, 0.0) + took.seconds
    return Totals(
        Counter((past.dag_id, one.site, one.generation, "failed" if one.failed else "done") for one in past.endings),
        Counter((past.dag_id, past.site, one.row, one.cause) for one in past.failed),
        Counter((one.generation, one.test, one.figure, one.outcome) for one in past.found),
        Counter((one.row, one.generation, bucket(one.seconds)) for one in past.took),
        seconds,
    )


def bucket(seconds: float) -> int:
    """The number of the first bucket that it fits; one more than there are where it fits none."""
    return next((number for number, most in enumerate(BUCKETS) if seconds <= most), len(BUCKETS))


@dataclass(frozen=True)
class Remembered:
    """What all runs did, and how each server's part of those ended that a budget may still count."""

    totals: Totals
    endings: tuple[Ending, ...]


@dataclass(frozen=True)
class _Run:
    version: str
    totals: Totals
    endings: tuple[Ending, ...]


class Memory:
    """`read` gives the history of a run (DAG, run id, whether it goes on); `clock` the time."""

    def __init__(self, read: Callable[[str, str, bool], Past], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._read = read
        self._clock = clock
        self._runs: dict[tuple[str, str], _Run] = {}
        self._settled: dict[tuple[str, str], str] = {}
        self._sum = Totals()

    def of(self, runs: Sequence[AirflowRun]) -> Remembered:
        """What these runs did. One that cannot be read counts as it was read last."""
        if any(self._settled.get((run.dag_id, run.run_id), run.version) != run.version for run in runs):
            self._settled, self._sum, self._runs = {}, Totals(), {}  # an old run was resumed: count anew
        for run in runs:
            key = run.dag_id, run.run_id
            if key not in self._settled and (run.going_on or key not in self._runs or self._runs[key].version != run.version):
                self._recall(run)
        there = {(run.dag_id, run.run_id): run for run in runs}
        self._runs = {key: kept for key, kept in self._runs.items() if key in there}
        self._settle(there.values())
        return self._told()

    def _recall(self, run: AirflowRun) -> None:
        key = run.dag_id, run.run_id
        try:
            past = self._read(run.dag_id, run.run_id, run.going_on)
        except (TurnupError, ValueError, TypeError, KeyError, AttributeError) as error:
            LOG.warning("what %s/%s did cannot be read: %s", *key, error)
            was = self._runs.get(key)
            self._runs[key] = _Run(run.version, was.totals if was else Totals(), was.endings if was else ())
        else:
            self._runs[key] = _Run(run.version, totals_of(past), past.endings)

    def _settle(self, runs: Iterable[AirflowRun]) -> None:
        long_ago = (self._clock() - SETTLED).isoformat(sep=" ")
        for run in runs:
            key = run.dag_id, run.run_id
            if key in self._runs and run.ended and not run.going_on and run.ended < long_ago:
                self._sum.add(self._runs.pop(key).totals)
                self._settled[key] = run.version

    def _told(self) -> Remembered:
        totals = Totals()
        totals.add(self._sum)
        for one in self._runs.values():
            totals.add(one.totals)
        return Remembered(totals, tuple(ending for one in self._runs.values() for ending in one.endings))
