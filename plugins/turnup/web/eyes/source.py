"""One place that is looked at: what was seen last, how old that is, and whether the last look succeeded.

A scrape never waits for a service: it gets what was seen before, and starts the next look where that is due.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from turnup.domain.errors import TurnupError

LOG = logging.getLogger("turnup.metrics")

EASE = 20
"""The next look begins so many times later than the last one took: no source is kept busier than a twentieth of the time."""


@dataclass(frozen=True)
class Seen[T]:
    """What was seen last and how many seconds ago, None before a look succeeded; and whether the last one did."""

    value: T | None
    age: float | None
    up: bool


class Source[T]:
    """`look` runs in a thread of its own, one at a time; `every` is the seconds between two looks at least."""

    def __init__(self, name: str, look: Callable[[], T], every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._look = look
        self._every = every
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"turnup-{name}")
        self._lock = Lock()
        self._going_on: Future[None] | None = None
        self._due = clock()
        self._value: T | None = None
        self._at: float | None = None
        self._up = True

    def glance(self) -> Future[None] | None:
        """The look that goes on, begun now where it is due; None where what was seen is fresh."""
        with self._lock:
            if self._going_on is None or self._going_on.done():
                self._going_on = self._pool.submit(self._take) if self._clock() >= self._due else None
            return self._going_on

    def seen(self) -> Seen[T]:
        """What there is, without waiting."""
        at = self._at
        return Seen(self._value, None if at is None else self._clock() - at, self._up and at is not None)

    def _take(self) -> None:
        began = self._clock()
        try:
            value = self._look()
        except Exception as error:
            if self._up:  # said once, not with every scrape
                known = isinstance(error, TurnupError)
                text = str(error) if known else type(error).__name__
                LOG.warning("%s cannot be looked at: %s", self.name, text, exc_info=not known)
            self._up = False
        else:
            if not self._up:
                LOG.info("%s can be looked at again", self.name)
            self._value, self._at, self._up = value, self._clock(), True
        self._due = self._clock() + max(self._every, EASE * (self._clock() - began))
