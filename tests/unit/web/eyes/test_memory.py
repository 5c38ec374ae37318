"""Runs are read once, counted once, and again when they were resumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from turnup.domain.error_budget import Ending
from turnup.domain.errors import Refused
from turnup.reporting.history import Failed, Found, Past, Took
from turnup.web.eyes.airflow import AirflowRun
from turnup.web.eyes.memory import BUCKETS, SETTLED, Memory, bucket

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
INSTALL = "server_install"


def run(name: str, *, ended: str = str(NOW), going_on: bool = False) -> AirflowRun:
    return AirflowRun(INSTALL, name, "here", going_on, "" if going_on else ended)


def past(failures: int = 1) -> Past:
    return Past(
        INSTALL,
        "here",
        endings=(Ending("here", "g1", "a1", NOW.isoformat(), failed=True),),
        took=(Took("boot", "g1", 7.0), Took("boot", "g1", 700.0)),
        failed=(Failed("boot", "bmc-silent"),) * failures,
        found=(Found("g1", "cpu", "ops", "pass"),),
    )


@dataclass
class Store:
    """What runs left."""

    runs: dict[str, Past | Exception] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def read(self, dag_id: str, run_id: str, going_on: bool) -> Past:
        self.reads.append(run_id)
        found = self.runs[run_id]
        if isinstance(found, Exception):
            raise found
        return found


def failures(memory: Memory, *runs: AirflowRun) -> int:
    return memory.of(runs).totals.failed.total()


def test_a_run_that_ended_is_read_once_and_one_that_goes_on_every_time() -> None:
    store = Store({"one": past(), "two": past()})
    memory = Memory(store.read, lambda: NOW)
    for _ in range(3):
        assert failures(memory, run("one"), run("two", going_on=True)) == 2
    assert store.reads == ["one", "two", "two", "two"]
    found = memory.of((run("one"), run("two"))).totals
    assert (found.took["boot", "g1", bucket(7)], found.seconds["boot", "g1"]) == (2, 1414)


def test_a_resumed_run_is_counted_as_it_is_now() -> None:
    store = Store({"one": past(1)})
    memory = Memory(store.read, lambda: NOW)
    assert failures(memory, run("one")) == 1
    store.runs["one"] = past(3)
    assert failures(memory, run("one", going_on=True)) == 3
    assert failures(memory, run("one", ended=str(NOW + timedelta(hours=1)))) == 3


def test_what_cannot_be_read_counts_as_it_was_read_last_and_the_others_count() -> None:
    store = Store({"one": past(), "two": Refused("The record was changed.")})
    memory = Memory(store.read, lambda: NOW)
    assert failures(memory, run("one"), run("two")) == 1
    store.runs["one"] = ValueError("no JSON")
    assert failures(memory, run("one", going_on=True)) == 1


def test_an_old_run_stays_counted_and_is_read_no_more_unless_somebody_resumes_it() -> None:
    store = Store({"old": past(2), "new": past(1)})
    memory = Memory(store.read, lambda: NOW)
    old = run("old", ended=str(NOW - SETTLED - timedelta(hours=1)))
    for _ in range(3):
        found = memory.of((old, run("new")))
        assert found.totals.failed.total() == 3
    assert store.reads == ["old", "new"]
    assert len(found.endings) == 1
    store.runs["old"] = past(5)
    assert failures(memory, run("old", going_on=True), run("new")) == 6


def test_buckets_have_upper_limits() -> None:
    assert [bucket(seconds) for seconds in (0, 1, 1.1, 86400, 86401)] == [0, 0, 1, len(BUCKETS) - 1, len(BUCKETS)]
