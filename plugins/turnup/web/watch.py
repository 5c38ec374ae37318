"""NetBox's facts, kept in this process: what is known is given at once, with its age, and read anew behind the page's back.

One reader at a time, in a thread of its own, and only while somebody looks. After the first reading only changes are read; all of
it again every ten minutes, because NetBox does not tell what was deleted. A NetBox that does not answer is asked less and less
often, and what was known stays, with since when.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from turnup.domain.errors import TurnupError
from turnup.domain.fleet import Fleet
from turnup.ports import Facts

LOG = logging.getLogger("turnup.web")

FRESH = timedelta(seconds=4)
"""What was read so long ago is given without reading it anew."""

WHOLE = timedelta(minutes=10)
"""So long after all of it was read, it is read again."""

LONGEST_PAUSE = timedelta(minutes=1)
"""Between two tries of a NetBox that does not answer."""

PATIENCE = 0.1
"""Seconds for which the very first look waits."""


@dataclass(frozen=True)
class Known:
    """What is known. `at` is when it was read; `error` says why it is not newer, `error_since` since when that is so."""

    fleet: Fleet | None = None
    at: datetime | None = None
    error: str = ""
    error_since: datetime | None = None
    url: str = ""


class Watch:
    """Keeps the facts. `facts` opens NetBox (its connection is read anew after an error), `clock` says what time it is."""

    def __init__(self, facts: Callable[[], Facts], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._open = facts
        self._clock = clock
        self._prepare: Callable[[Fleet], object] = lambda fleet: fleet.in_rack
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="turnup-racks")
        self._lock = threading.Lock()
        self._reading: Future[None] | None = None
        self._facts: Facts | None = None
        self._known = Known()
        self._whole_at: datetime | None = None
        self._next: datetime | None = None
        self._failures = 0

    def before_showing(self, prepare: Callable[[Fleet], object]) -> None:
        """From now on prepare each new fleet before it is given to anybody: what takes long is done where no page waits."""
        self._prepare = prepare

    def look(self) -> Known:
        """What is known, at once; reading begins where that is not fresh any more."""
        with self._lock:
            due = self._next is None or self._clock() >= self._next
            if due and (self._reading is None or self._reading.done()):
                self._reading = self._pool.submit(self._read)
            first = self._reading if self._known.fleet is None else None
        if first is not None:
            wait_for([first], PATIENCE)
        return self._known

    def settle(self) -> Known:
        """What is known when the reading that goes on has ended."""
        if (reading := self._reading) is not None:
            wait_for([reading])
        return self._known

    def _read(self) -> None:
        try:
            fleet, url = self._newest()
        except TurnupError as error:
            self._failed(str(error))
        except Exception as error:
            LOG.exception("The racks could not be read from NetBox:")
            self._failed(f"turnup ran into a defect of its own ({type(error).__name__}): the API server's log says more.")
        else:
            self._failures = 0
            self._known = Known(fleet, self._clock(), url=url)
            self._next = self._clock() + FRESH

    def _newest(self) -> tuple[Fleet, str]:
        began, fleet = self._clock(), self._known.fleet
        facts = self._facts = self._facts or self._open()
        if fleet is None or self._whole_at is None or began - self._whole_at >= WHOLE:
            fleet, self._whole_at = facts.whole(), began
        else:
            fleet = facts.since(fleet)
        if fleet is not self._known.fleet:
            self._prepare(fleet)
        return fleet, facts.url

    def _failed(self, text: str) -> None:
        self._failures += 1
        self._facts = None
        known, now = self._known, self._clock()
        self._known = Known(known.fleet, known.at, text, known.error_since or now, known.url)
        self._next = now + min(FRESH * 2**self._failures, LONGEST_PAUSE)
