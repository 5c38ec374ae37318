"""A source: nobody waits for it, one look at a time, and what was seen before stays when it is away."""

from __future__ import annotations

import logging
from threading import Event

import pytest

from turnup.domain.errors import Transient
from turnup.web.eyes.source import EASE, Seen, Source


class Place:
    """What is looked at. A look may be held up by `gate`, and answers `says` or raises it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.looks = 0
        self.takes = 0.0
        self.says: int | Exception = 1
        self.gate = Event()
        self.gate.set()
        self.source = Source("place", self.look, 30, lambda: self.now)

    def look(self) -> int:
        self.looks += 1
        assert self.gate.wait(10)
        self.now += self.takes
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def looked(self) -> Seen[int]:
        if (going_on := self.source.glance()) is not None:
            going_on.result(10)
        return self.source.seen()


def test_before_the_first_look_nothing_is_known_and_it_is_not_up() -> None:
    assert Place().source.seen() == Seen(None, None, up=False)


def test_what_is_fresh_is_not_looked_at_again() -> None:
    place = Place()
    assert place.looked() == Seen(1, 0, up=True)
    place.says, place.now = 2, place.now + 29
    assert place.looked() == Seen(1, 29, up=True)
    place.now += 1
    assert place.looked() == Seen(2, 0, up=True)
    assert place.looks == 2


def test_a_look_that_goes_on_is_not_begun_twice_and_what_was_seen_is_told_meanwhile() -> None:
    place = Place()
    place.looked()
    place.now += 30
    place.says = 2
    place.gate.clear()
    first, second = place.source.glance(), place.source.glance()
    assert first is not None
    assert first is second
    assert place.source.seen().value == 1
    place.gate.set()
    first.result(10)
    assert place.source.seen().value == 2


def test_a_source_that_is_away_keeps_what_was_seen_grows_old_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "turnup.metrics")
    place = Place()
    place.looked()
    for minute in range(3):
        place.says, place.now = Transient("NetBox is away."), place.now + 60
        assert place.looked() == Seen(1, 60 * (minute + 1), up=False)
    place.says, place.now = 5, place.now + 60
    assert place.looked() == Seen(5, 0, up=True)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["place cannot be looked at: NetBox is away. [service-unavailable]", "place can be looked at again"]


def test_a_defect_stays_in_the_log_too() -> None:
    place = Place()
    place.says = ValueError("a defect")
    assert place.looked() == Seen(None, None, up=False)


def test_a_slow_source_is_looked_at_less_often() -> None:
    place = Place()
    place.takes = 10
    place.looked()
    place.now += 10 * EASE - 1
    place.looked()
    assert place.looks == 1
    place.now += 1
    place.looked()
    assert place.looks == 2
