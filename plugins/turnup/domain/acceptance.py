"""A finding that somebody accepted until a date, with a reason: a line in the site's field `turnup_accepted` in NetBox. Pure.

    2026-12-31 | bmc_unreachable | node-7 | board ordered, ticket 4711

NetBox's changelog of the site says who wrote it. The last day is the date itself; after it the finding is one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from turnup.domain.findings import Finding

FIELD = "turnup_accepted"
"""NetBox's custom field, on sites."""


@dataclass(frozen=True)
class Accepted:
    """Until when, what (a check's name, and a subject or a finding's id), and why."""

    until: date
    check: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Acceptances:
    """What was accepted, and the lines that cannot be read, each with why."""

    accepted: tuple[Accepted, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    def of(self, finding: Finding, today: date) -> Accepted | None:
        """The acceptance of this finding that holds today, the longest one first."""
        found = [
            one
            for one in self.accepted
            if one.check == finding.check and one.subject in (finding.subject, finding.id) and today <= one.until
        ]
        return max(found, key=lambda one: one.until, default=None)


def read(text: str) -> Acceptances:
    """Every line that says something; empty ones and those that begin with # do not."""
    accepted: list[Accepted] = []
    unreadable: list[tuple[str, str]] = []
    for line in (one.strip() for one in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|", 3)]
        try:
            accepted.append(_accepted(parts))
        except ValueError as error:
            unreadable.append((line, str(error)))
    return Acceptances(tuple(accepted), tuple(unreadable))


def line(finding: Finding, until: date) -> str:
    """What to copy into NetBox to accept a finding; the reason is to be written."""
    subject = finding.id if "|" in finding.subject else finding.subject
    return f"{until} | {finding.check} | {subject} | "


def _accepted(parts: Sequence[str]) -> Accepted:
    if len(parts) != 4 or not all(parts):
        raise ValueError("it has to be: date | check | subject | reason, none of them empty")
    try:
        until = date.fromisoformat(parts[0])
    except ValueError:
        raise ValueError(f"{parts[0]!r} is no date such as 2026-12-31") from None
    return Accepted(until, parts[1], parts[2], parts[3])
