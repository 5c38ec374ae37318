"""One audit of one or more sites: gather, judge, compare with the last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from turnup.auditing.gathering import gather
from turnup.auditing.reach import Reach
from turnup.checks import CHECKS
from turnup.checks.kind import Check, Judged, judge
from turnup.domain import acceptance
from turnup.domain.audits import Audit, Past, compare, headline
from turnup.domain.errors import Problem
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Finding, each_once
from turnup.domain.policy import Policy

ALWAYS = "source_silent"
"""A check that is part of every choice: what was away is always told."""

ANYWHERE = "netbox_setup"
"""A check of what all sites share: it is told once."""


@dataclass(frozen=True)
class Site:
    """A site's policy, and its services."""

    policy: Policy
    reach: Reach

    @property
    def name(self) -> str:
        """Its slug."""
        return self.policy.site.site


@dataclass(frozen=True)
class Looked:
    """What was found at a site."""

    facts: Facts
    judged: Judged
    took: Mapping[str, float]


def chosen(names: Sequence[str]) -> dict[str, Check]:
    """These checks, or all; what was away is always told."""
    wanted = {*names, ALWAYS} if names else set(CHECKS)
    return {name: check for name, check in CHECKS.items() if name in wanted}


def problems(checks: Sequence[str], fix: Sequence[str]) -> list[Problem]:
    """Why a run with these parameters cannot begin: every reason."""
    known = ", ".join(CHECKS)
    offering = ", ".join(name for name, check in CHECKS.items() if check.fixes)
    found = [
        Problem("checks", f"has {name!r}, which is no check.", f"there are: {known}.") for name in checks if name not in CHECKS
    ]
    for name in fix:
        if name not in CHECKS or not CHECKS[name].fixes:
            what = "is no check" if name not in CHECKS else "is a check that offers no safe fix"
            found.append(Problem("fix", f"has {name!r}, which {what}.", f"these offer one: {offering}."))
        elif checks and name not in checks:
            found.append(Problem("fix", f"has {name!r}, which is not among the checks of this run.", "name it there, too."))
    return found


def look(site: Site, checks: Mapping[str, Check], before: Audit | None, now: datetime) -> Looked:
    """Gather and judge at one site."""
    waiting = {minion: datetime.fromisoformat(at) for minion, at in (before.waiting_since if before else {}).items()}
    gathered = gather(site.policy, site.reach, checks, waiting, now)
    took = {str(source): round(seconds, 2) for source, seconds in gathered.took.items()}
    return Looked(gathered.facts, judge(gathered.facts, checks), took)


def audit(
    identity: Audit, sites: Sequence[Site], names: Sequence[str], before: Audit | None, clock: Callable[[], datetime]
) -> Audit:
    """Audit the sites, one after the other. `identity` says which run it is."""
    began, checks = time.monotonic(), chosen(names)
    now = clock()
    looked = {site.name: look(site, checks, before, now) for site in sites}
    found = _everything(looked)
    why_not: dict[str, str] = {}
    for site, one in looked.items():
        for name, why in one.judged.not_checked.items():
            why_not[name] = f"{why_not[name]} {site}: {why}" if name in why_not else f"{site}: {why}"
    acceptances = {site: acceptance.read(one.facts.estate.accepted) for site, one in looked.items()}
    compared = compare(
        before,
        found,
        acceptances,
        lambda one: _was_checked(one, looked, checks),
        {name: check.title for name, check in checks.items()},
        now,
    )
    return Audit(
        id=identity.id,
        run_id=identity.run_id,
        link=identity.link,
        started_by=identity.started_by,
        title=f"Audit of {', '.join(looked) or 'no site'}",
        headline=headline(compared, sorted(why_not)),
        started_at=identity.started_at,
        finished_at=clock().isoformat(timespec="milliseconds"),
        sites=tuple(looked),
        checks=tuple(checks),
        findings=compared.findings,
        accepted=compared.accepted,
        gone=compared.gone,
        not_looked_at=compared.not_looked_at,
        not_checked=tuple(sorted(why_not)),
        why_not=why_not,
        waiting_since=_waiting(looked, before),
        seconds=round(time.monotonic() - began, 2),
        took={f"{site}, {source}": seconds for site, one in looked.items() for source, seconds in one.took.items()},
    )


def _was_checked(one: Past, looked: Mapping[str, Looked], checks: Mapping[str, Check]) -> bool:
    """Whether the finding would have been found again, were it still there."""
    there = looked.get(one.site)
    if there is None or one.check not in checks or one.check in there.judged.not_checked:
        return False
    return one.check != ALWAYS or one.subject in there.took


def _everything(looked: Mapping[str, Looked]) -> tuple[Finding, ...]:
    """Every site's findings; what all sites share is told by the first that has it."""
    found: list[Finding] = []
    shared: set[str] = set()
    for one in looked.values():
        for finding in one.judged.findings:
            if finding.check == ANYWHERE and finding.subject in shared:
                continue
            shared |= {finding.subject} if finding.check == ANYWHERE else set()
            found.append(finding)
    return each_once(found)


def _waiting(looked: Mapping[str, Looked], before: Audit | None) -> dict[str, str]:
    """Since when keys wait; where the master was not asked, what was known is kept."""
    asked = {minion: at.isoformat() for one in looked.values() for minion, at in one.facts.waiting_since.items()}
    everywhere = looked and all(Source.KEYS in one.took and Source.KEYS not in one.facts.silent for one in looked.values())
    return {**(dict(before.waiting_since) if before and not everywhere else {}), **asked}
