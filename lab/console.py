"""What the lab says while it works: one line a step, with the time it took, from more than one thread."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_began = time.monotonic()


def clock(seconds: float) -> str:
    """Minutes and seconds, as on a stopwatch."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def say(subject: str, text: str) -> None:
    """One line: the time since the command began, what it is about, what happens."""
    with _lock:
        print(f"{clock(time.monotonic() - _began):>6}  {subject:<12} {text}", flush=True)


def warn(text: str) -> None:
    """One line on standard error."""
    with _lock:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def step(subject: str, text: str) -> Iterator[None]:
    """Says that something begins, and when it took longer than a moment, that it is done."""
    say(subject, text)
    began = time.monotonic()
    yield
    if (took := time.monotonic() - began) >= 2:
        say(subject, f"{text}: done in {took:.0f} s")
