"""What an audit tells: its findings, what is new, still there and gone, what was not checked, and what was fixed. Pure.

Times are ISO 8601 in UTC. New fields get a default, so that an audit of an older version can still be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from turnup.domain.acceptance import Acceptances, line
from turnup.domain.findings import SEVERITIES, Finding, Fix, Severity

DAG = "fleet_audit"
FORMAT = "turnup-audit/1"
ACCEPTED_FOR = timedelta(days=30)
"""The date in the line that a report offers to copy."""


class Age(StrEnum):
    """Whether the audit before saw it, too."""

    NEW = "new"
    STILL = "still there"


@dataclass(frozen=True)
class Told:
    """A finding as it is told. `since`: when an audit first saw it; `accept`: the line that would accept it in NetBox."""

    id: str
    check: str
    severity: Severity
    site: str
    subject: str
    evidence: str
    why: str
    advice: str
    runbook: str
    age: Age
    since: str
    title: str = ""
    rack: str = ""
    fix: Fix | None = None
    accept: str = ""


@dataclass(frozen=True)
class AcceptedFinding:
    """A finding that somebody accepted, until when and why."""

    finding: Told
    until: str
    reason: str


@dataclass(frozen=True)
class Past:
    """A finding of an audit before. `gone` is when an audit found it no more; None: nobody looked this time."""

    id: str
    check: str
    site: str
    subject: str
    since: str
    gone: str | None = None


class Outcome(StrEnum):
    """What became of a fix."""

    DONE = "done"
    UNDONE = "undone"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True)
class FixDone:
    """One fix, and what became of it; `what` says why where it was left or failed."""

    finding: str
    check: str
    site: str
    subject: str
    does: str
    outcome: Outcome
    what: str = ""


@dataclass(frozen=True)
class Audit:
    """One audit. `not_checked` names checks that were not made at all sites, or in part alone; `why_not` says why."""

    id: str
    run_id: str
    headline: str
    started_at: str
    finished_at: str
    sites: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    findings: tuple[Told, ...] = ()
    accepted: tuple[AcceptedFinding, ...] = ()
    gone: tuple[Past, ...] = ()
    not_looked_at: tuple[Past, ...] = ()
    not_checked: tuple[str, ...] = ()
    why_not: Mapping[str, str] = field(default_factory=dict)
    waiting_since: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    took: Mapping[str, float] = field(default_factory=dict)
    fixes: tuple[FixDone, ...] = ()
    undoes: str = ""
    started_by: str = ""
    dag_id: str = DAG
    title: str = "Audit"
    state: str = "done"
    link: str = ""
    format: str = FORMAT

    @property
    def open(self) -> tuple[Told, ...]:
        """All that was found, accepted or not."""
        return (*self.findings, *(one.finding for one in self.accepted))


@dataclass(frozen=True)
class Compared:
    """What was found, beside what was found before."""

    findings: tuple[Told, ...]
    accepted: tuple[AcceptedFinding, ...]
    gone: tuple[Past, ...]
    not_looked_at: tuple[Past, ...]


def compare(
    before: Audit | None,
    found: Sequence[Finding],
    acceptances: Mapping[str, Acceptances],
    was_checked: Callable[[Past], bool],
    titles: Mapping[str, str],
    now: datetime,
) -> Compared:
    """`acceptances` are {site: what people accepted}; `was_checked`: would this finding have been found again?"""
    past = _past(before)
    findings: list[Told] = []
    accepted: list[AcceptedFinding] = []
    for one in found:
        earlier = past.get(one.id)
        told = _told(one, earlier.since if earlier else now.isoformat(), earlier is not None, titles, now.date())
        agreed = acceptances.get(one.site, Acceptances()).of(one, now.date())
        if agreed is None:
            findings.append(told)
        else:
            accepted.append(AcceptedFinding(told, agreed.until.isoformat(), agreed.reason))
    missing = [one for key, one in past.items() if key not in {each.id for each in found}]
    gone = [one for one in missing if was_checked(one)]
    return Compared(
        tuple(findings),
        tuple(accepted),
        tuple(Past(one.id, one.check, one.site, one.subject, one.since, now.isoformat()) for one in gone),
        tuple(one for one in missing if one not in gone),
    )


def _past(before: Audit | None) -> dict[str, Past]:
    if before is None:
        return {}
    open_then = {one.id: Past(one.id, one.check, one.site, one.subject, one.since) for one in before.open}
    return {**{one.id: one for one in before.not_looked_at}, **open_then}


def _told(one: Finding, since: str, still: bool, titles: Mapping[str, str], today: date) -> Told:
    return Told(
        id=one.id,
        check=one.check,
        severity=one.severity,
        site=one.site,
        subject=one.subject,
        evidence=one.evidence,
        why=one.why,
        advice=one.advice,
        runbook=one.runbook,
        age=Age.STILL if still else Age.NEW,
        since=since,
        title=titles.get(one.check, ""),
        rack=one.rack,
        fix=one.fix,
        accept=line(one, today + ACCEPTED_FOR),
    )


def headline(found: Compared, not_checked: Sequence[str]) -> str:
    """It in a sentence or two."""
    by_severity = Counter(one.severity for one in found.findings)
    new = sum(one.age is Age.NEW for one in found.findings)
    parts = [f"{by_severity[severity]} {severity}" for severity in SEVERITIES if by_severity[severity]]
    count = len(found.findings)
    text = f"{count} finding{'' if count == 1 else 's'}" + (f": {', '.join(parts)}" if parts else "")
    text += f"; {new} new, {count - new} still there, {len(found.gone)} gone"
    text += f"; {len(found.accepted)} accepted" if found.accepted else ""
    return f"{text}. " + (f"{len(not_checked)} checks were not made, or in part." if not_checked else "Everything was checked.")
