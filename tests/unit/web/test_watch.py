"""What is known of NetBox is given at once, and read anew behind the page's back, by one reader."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from turnup.domain.fleet import Fleet
from turnup.fakes.fleet import FakeFacts, fleet
from turnup.web.watch import FRESH, WHOLE, Watch


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, by: timedelta) -> None:
        self.now += by


def test_it_is_read_whole_once_and_then_only_what_changed() -> None:
    facts, clock = FakeFacts(fleet()), Clock()
    watch = Watch(lambda: facts, clock)
    watch.look()
    assert watch.settle().fleet is facts.fleet
    watch.look()
    assert facts.asked == ["whole"]
    clock.passes(FRESH)
    watch.look()
    watch.settle()
    assert facts.asked == ["whole", "since"]
    clock.passes(WHOLE)
    watch.look()
    watch.settle()
    assert facts.asked == ["whole", "since", "whole"]


def test_an_old_answer_is_given_at_once_while_it_is_read_anew() -> None:
    facts, clock, gate = FakeFacts(fleet()), Clock(), threading.Event()

    class Slow(FakeFacts):
        def since(self, fleet: Fleet) -> Fleet:
            gate.wait(10)
            return super().since(fleet)

    slow = Slow(facts.fleet)
    watch = Watch(lambda: slow, clock)
    watch.look()
    first = watch.settle()
    clock.passes(timedelta(seconds=30))
    assert [watch.look() for _ in range(5)] == [first] * 5
    slow.set("site1-r1-n01", status="active")
    gate.set()
    later = watch.settle()
    assert later.at == clock.now
    assert slow.asked == ["whole", "since"]
    assert later.fleet is not None
    assert later.fleet.devices[1].status == "active"


def test_while_netbox_is_away_what_was_known_stays_with_since_when() -> None:
    facts, clock = FakeFacts(fleet()), Clock()
    watch = Watch(lambda: facts, clock)
    watch.look()
    known = watch.settle()
    facts.answers = False
    clock.passes(FRESH)
    watch.look()
    away = watch.settle()
    assert (away.fleet, away.at, away.error_since) == (known.fleet, known.at, clock.now)
    assert "NetBox does not answer" in away.error
    began = clock.now
    for _ in range(60):
        clock.passes(timedelta(seconds=5))
        watch.look()
        watch.settle()
    assert watch.settle().error_since == began
    assert len(facts.asked) < 12, "it is asked less and less often"
    facts.answers = True
    clock.passes(timedelta(minutes=1))
    watch.look()
    assert watch.settle().error == ""
    assert watch.settle().at == clock.now


def test_a_defect_is_told_too_and_does_not_end_the_reading() -> None:
    clock, made = Clock(), [FakeFacts(fleet())]

    def broken() -> FakeFacts:
        if clock.now.minute == 0:
            raise KeyError("url")
        return made[0]

    watch = Watch(broken, clock)
    watch.look()
    assert "KeyError" in watch.settle().error
    clock.passes(timedelta(minutes=2))
    watch.look()
    assert watch.settle().fleet is made[0].fleet


def test_a_new_fleet_is_prepared_before_anybody_sees_it_and_an_unchanged_one_is_not_again() -> None:
    facts, clock, prepared = FakeFacts(fleet()), Clock(), list[Fleet]()
    watch = Watch(lambda: facts, clock)
    watch.before_showing(prepared.append)
    for _ in range(3):
        watch.look()
        watch.settle()
        clock.passes(FRESH)
    assert prepared == [facts.fleet]
