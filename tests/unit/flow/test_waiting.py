"""Waiting steps, with a clock of the test's own."""

from __future__ import annotations

import pytest

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.flow.waiting import Patience, Wait, Waiting, advance, persistent, until

FAULT = HardwareFault("it does not answer.", "go and look.")


def test_until_ends_with_what_was_found() -> None:
    answers = iter([None, None, "here"])
    found: list[str] = []

    def step() -> Waiting[None]:
        found.append((yield from until(lambda: next(answers), Wait("it", 10, FAULT))))

    running = step()
    assert [advance(running) is None for _ in range(3)] == [False, False, True]
    assert found == ["here"]


def test_a_transient_look_is_told_when_the_time_is_up() -> None:
    def look() -> str | None:
        raise Transient("connection refused")

    running = until(look, Wait("it", 10, FAULT))
    wait = next(running)
    assert wait.last == "connection refused"
    with pytest.raises(HardwareFault, match="connection refused"):
        running.throw(wait.error())


def test_a_refusal_while_looking_is_not_waited_over() -> None:
    def look() -> str | None:
        raise Refused("no")

    with pytest.raises(Refused):
        next(until(look, Wait("it", 10, FAULT)))


def test_patience_counts_each_wait_from_when_it_was_first_waited_for() -> None:
    now = [0.0]
    patience = Patience(lambda: now[0])
    first, second = Wait("a", 10, FAULT), Wait("b", 10, FAULT)
    assert not patience.is_over(first)
    now[0] = 9.0
    assert not patience.is_over(first)
    assert not patience.is_over(second)
    now[0] = 10.0
    assert patience.is_over(first)
    assert not patience.is_over(second)


def test_a_step_that_runs_into_something_transient_starts_anew_after_growing_pauses() -> None:
    tries: list[int] = []

    def step() -> Waiting[None]:
        tries.append(len(tries))
        if len(tries) < 4:
            raise Transient("busy")
        yield Wait("something of its own", 5, FAULT)

    running = persistent(step)
    pauses = [wait.every for _ in range(4) if (wait := advance(running)) is not None]
    assert pauses == [3.0, 6.0, 12.0, 2.0]
    assert advance(running) is None
    assert len(tries) == 4


def test_a_step_that_stays_transient_ends_with_it() -> None:
    def step() -> Waiting[None]:
        raise Transient("busy")
        yield

    running = persistent(step, attempts=3)
    assert advance(running) is not None
    assert advance(running) is not None
    with pytest.raises(Transient):
        advance(running)


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    def step() -> Waiting[None]:
        raise HardwareFault("broken")
        yield

    with pytest.raises(HardwareFault):
        advance(persistent(step))
