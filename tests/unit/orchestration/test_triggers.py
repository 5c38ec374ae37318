"""The trigger around a row: what it yields when the row is done, fails, waits too long, or has a defect."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable

import pytest
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from turnup.domain.errors import HardwareFault, Transient, TurnupError, as_document
from turnup.fakes.records import FakeRecords
from turnup.flow import wiping
from turnup.flow.job import FlowLog, Run, flow_log
from turnup.flow.waiting import Wait, Waiting
from turnup.orchestration.triggers import HoldTrigger, ServerRowTrigger
from turnup.ports import Records

FAULT = HardwareFault("it does not answer.", "go and look.")


class Trigger(ServerRowTrigger):
    """A trigger whose row is the test's own."""

    settled = 0.0

    def __init__(self, row: Callable[[], Waiting[None]]) -> None:
        began = "2026-11-22T06:30:00+00:00"
        super().__init__("server_install", "run-1", "here", "boot", "a1", resumed=False, began=began, attempt=2)
        self._row_of_test = row
        self.records = FakeRecords()

    def _records(self) -> Records:
        return self.records

    def _begin(self) -> tuple[Waiting[None], FlowLog]:
        return self._row_of_test(), flow_log(Run(self.dag_id, self.run_id), self.row, self.server)


def events(row: Callable[[], Waiting[None]]) -> list[TriggerEvent]:
    return events_of(Trigger(row))


def events_of(trigger: ServerRowTrigger) -> list[TriggerEvent]:
    async def collect() -> list[TriggerEvent]:
        return [event async for event in trigger.run()]

    return asyncio.run(collect())


def test_a_row_that_is_done_ends_the_task() -> None:
    looks = iter([1, 2])

    def row() -> Waiting[None]:
        for _ in looks:
            yield Wait("something", 60, FAULT, every=0.0)

    assert events(row) == [TaskSuccessEvent()]


def test_a_row_that_fails_hands_its_cause_to_a_worker() -> None:
    def row() -> Waiting[None]:
        raise FAULT
        yield

    (event,) = events(row)
    assert event.payload == as_document(FAULT)


def test_a_wait_whose_time_is_up_ends_with_its_own_error() -> None:
    def row() -> Waiting[None]:
        while True:
            yield Wait("something", 0.05, FAULT, every=0.01, last="connection refused")

    (event,) = events(row)
    assert event.payload["what"] == "it does not answer. The last answer was: connection refused"


def test_a_defect_leaves_a_cause_too() -> None:
    def row() -> Waiting[None]:
        raise KeyError("nobody thought of it")
        yield

    (event,) = events(row)
    assert "a defect of its own (KeyError" in event.payload["what"]


def test_the_times_of_a_try_are_kept_before_its_task_ends() -> None:
    def row() -> Waiting[None]:
        yield Wait("something", 60, FAULT, every=0.0)

    trigger = Trigger(row)
    assert events_of(trigger) == [TaskSuccessEvent()]
    kept = json.loads(trigger.records.read("times/a1/1.json") or b"{}")
    assert (kept["row"], kept["attempt"], kept["outcome"], kept["server"]) == ("boot", 2, "done", "a1")
    assert kept["began"] == "2026-11-22T06:30:00+00:00" < kept["ended"]


def test_a_try_that_failed_is_kept_with_its_cause() -> None:
    def row() -> Waiting[None]:
        raise FAULT
        yield

    trigger = Trigger(row)
    events_of(trigger)
    kept = json.loads(trigger.records.read("times/a1/1.json") or b"{}")
    assert (kept["outcome"], kept["error"]) == ("failed", as_document(FAULT))


def test_times_that_cannot_be_kept_end_no_row() -> None:
    def row() -> Waiting[None]:
        return
        yield

    trigger = Trigger(row)
    trigger.records.fail_next("names", RuntimeError("a defect"))
    assert events_of(trigger) == [TaskSuccessEvent()]


def test_calls_that_block_leave_the_event_loop_free() -> None:
    """Two rows wait for each other inside their blocking calls: possible only where both run in threads of their own."""
    meet = threading.Barrier(2, timeout=10)

    def row() -> Waiting[None]:
        meet.wait()
        return
        yield

    async def both() -> list[TriggerEvent]:
        async def one() -> list[TriggerEvent]:
            return [event async for event in Trigger(row).run()]

        return [event for found in await asyncio.gather(one(), one()) for event in found]

    assert asyncio.run(both()) == [TaskSuccessEvent(), TaskSuccessEvent()]


def test_a_hold_is_looked_at_again_until_it_is_lifted_also_when_netbox_did_not_answer() -> None:
    held = Wait("the hold to be lifted", float("inf"), FAULT, every=0.0, last="site here is on hold: repairs")
    looks: list[Wait | TurnupError | None] = [held, Transient("NetBox answered 502."), held, None]

    class Trigger(HoldTrigger):
        def look(self) -> tuple[FlowLog, Wait | None]:
            found = looks.pop(0)
            if isinstance(found, TurnupError):
                raise found
            return flow_log(Run("server_install", "run-1"), "claim"), found

        def unknown(self, last: str) -> Wait:
            return held

    async def collect() -> list[TriggerEvent]:
        return [event async for event in Trigger("server_install", "run-1", "here", "claim").run()]

    (event,) = asyncio.run(collect())
    assert event.payload == {"lifted": "here"}
    assert looks == []


def test_what_airflow_keeps_of_a_hold_trigger_makes_the_same_one_again() -> None:
    path, arguments = HoldTrigger("server_install", "run-1", "here", "claim").serialize()
    assert path == "turnup.orchestration.triggers.HoldTrigger"
    assert HoldTrigger(**arguments).serialize() == (path, arguments)


def test_a_wipe_s_progress_and_the_time_it_will_take_yet_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "turnup.flow")
    last = wiping.progress({"permille": 453, "seconds_left": 200})

    def row() -> Waiting[None]:
        yield Wait("its drives to be wiped", 34 * 3600, FAULT, every=0.0, last=last)

    events(row)
    assert "a1 boot: waiting for its drives to be wiped (0 min of 34 h); last answer: 45 %, about 3 min left" in caplog.text
