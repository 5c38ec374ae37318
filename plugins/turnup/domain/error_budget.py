"""How much may still go wrong at a site with a generation before runs that nobody started by hand stop. Pure.

A server counts once in the window, as it ended last: ten tries of one bad server are one failure, a mended one is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WINDOW = 30
"""Days of a window at most."""


@dataclass(frozen=True)
class Allowance:
    """What a site's policy allows within so many days: this share (0 to 1) of the servers may fail, and in any case so many."""

    days: int = 7
    share: float = 0.1
    failures: int = 3


@dataclass(frozen=True)
class Ending:
    """How one server's part of a run ended, when (ISO 8601), and with which cause where it failed."""

    site: str
    generation: str
    server: str
    at: str
    failed: bool
    cause: str = ""


@dataclass(frozen=True)
class Budget:
    """What of a generation's allowance at a site is used."""

    site: str
    generation: str
    servers: int
    failed: tuple[Ending, ...]
    allowed: int

    @property
    def left(self) -> float:
        """From 1, untouched, to 0, spent."""
        return max(0.0, 1 - len(self.failed) / self.allowed)

    @property
    def is_spent(self) -> bool:
        """Whether no further failure is allowed for."""
        return len(self.failed) >= self.allowed

    def __str__(self) -> str:
        listed = ", ".join(f"{one.server} ({one.cause or 'no cause'})" for one in self.failed[:5])
        more = f" and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
        numbers = f"{len(self.failed)} of {self.servers} servers failed, {self.allowed} may"
        return f"generation {self.generation} at {self.site}: {numbers}" + (f": {listed}{more}" if listed else "")


def budgets(site: str, endings: Iterable[Ending], allowance: Allowance, now: datetime) -> tuple[Budget, ...]:
    """One for each generation that ended at the site within the window, by name."""
    since = now - timedelta(days=allowance.days)
    last: dict[tuple[str, str], Ending] = {}
    for one in sorted((one for one in endings if one.site == site), key=lambda one: _time(one.at)):
        if since <= _time(one.at) <= now:
            last[one.generation, one.server] = one
    generations = sorted({generation for generation, _ in last})
    return tuple(_budget(site, name, [one for (of, _), one in last.items() if of == name], allowance) for name in generations)


def _budget(site: str, generation: str, endings: Sequence[Ending], allowance: Allowance) -> Budget:
    failed = tuple(one for one in endings if one.failed)
    return Budget(site, generation, len(endings), failed, max(allowance.failures, int(allowance.share * len(endings))))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
