"""When rows began and ended: one small file a row and try, written once. Whoever runs a row has the clock; a flow has none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from turnup.flow.documents import append
from turnup.ports import Records

FACTS = "run.json"
"""Who started the run, when, and what was asked for."""

RACK_WIDE, EACH = "times-rack", "times"
"""Folders: of what one task does for the whole rack, and of each server's own rows."""


class Outcome(StrEnum):
    """How one try of a row ended."""

    DONE = "done"
    FAILED = "failed"
    AGAIN = "again"


@dataclass(frozen=True)
class Waited:
    """One thing that was waited for, for how many seconds, and what the last look at it ran into."""

    what: str
    seconds: float
    last: str = ""


@dataclass(frozen=True)
class Span:
    """One try of one row, of one server where it is one server's. Times are ISO 8601 with their zone.

    `error` is the cause it ended with (`domain.errors.as_document`), `problems` what a refusal lists, each with `subject`,
    `what` and `advice`.
    """

    row: str
    attempt: int
    began: str
    ended: str
    outcome: Outcome
    server: str = ""
    waits: tuple[Waited, ...] = ()
    error: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Mapping[str, str], ...] = ()


LONG, MOST = 5.0, 5
"""Waits of so many seconds are told, so many of one try at most."""


def longest(waits: Iterable[Waited]) -> tuple[Waited, ...]:
    """Those that took long, the longest first."""
    long = sorted((one for one in waits if one.seconds >= LONG), key=lambda one: -one.seconds)
    return tuple(replace(one, seconds=round(one.seconds, 1)) for one in long[:MOST])


def keep(records: Records, span: Span) -> None:
    """Keep the try with its run."""
    folder = f"{EACH}/{span.server}" if span.server else RACK_WIDE
    append(records, folder, json.dumps(asdict(span), sort_keys=True).encode())
