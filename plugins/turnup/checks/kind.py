"""What an audit's check is, and how checks are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from turnup.domain.facts import Device, Facts, Source
from turnup.domain.findings import Finding, Fix, Severity, each_once
from turnup.domain.intended import place
from turnup.domain.plain_text import plain

RUNBOOK = "docs/findings.md"
LONGEST = 2000
"""Characters of evidence: it quotes NetBox, BMCs and services, on one line."""


@dataclass(frozen=True)
class Seen:
    """What a check found: about whom, and how it shows."""

    subject: str
    evidence: str
    rack: str = ""
    fix: Fix | None = None


@dataclass(frozen=True)
class Check:
    """One thing that an audit looks for. `look` is pure; it is called where every source that it `needs` answered.

    `title` says what is wrong, `why` what comes of it, `advice` what to do next, and `steps` (Markdown) how, for the runbook.
    `fixes`: it may offer a safe fix.
    """

    area: str
    title: str
    severity: Severity
    needs: tuple[Source, ...]
    look: Callable[[Facts], Iterable[Seen]]
    why: str
    advice: str
    steps: str
    fixes: bool = False


@dataclass(frozen=True)
class Judged:
    """What came of some checks at a site: findings, and why others, by name, were not made or only in part."""

    findings: tuple[Finding, ...]
    not_checked: Mapping[str, str]


def seen(device: Device, evidence: str, fix: Fix | None = None) -> Seen:
    """Something about a device, with its place."""
    return Seen(device.name or f"device {device.server.id}", f"{evidence} [{place(device)}]", device.rack, fix)


def judge(facts: Facts, checks: Mapping[str, Check]) -> Judged:
    """Make these checks."""
    found: list[Finding] = []
    not_checked: dict[str, str] = {}
    why = {**facts.unasked, **facts.silent}
    for name, check in checks.items():
        silent = [f"{source}: {why[source]}" for source in check.needs if source in why]
        if silent:
            not_checked[name] = " ".join(silent)
            continue
        if partial := [f"{source}, in part: {facts.partial[source]}" for source in check.needs if source in facts.partial]:
            not_checked[name] = " ".join(partial)
        found += _findings(facts, name, check)
    return Judged(each_once(found), not_checked)


def _findings(facts: Facts, name: str, check: Check) -> Iterator[Finding]:
    for one in check.look(facts):
        yield Finding(
            check=name,
            severity=check.severity,
            site=facts.estate.site,
            subject=plain(one.subject),
            evidence=plain(one.evidence, LONGEST),
            why=check.why,
            advice=check.advice,
            runbook=f"{RUNBOOK}#{name}",
            rack=one.rack,
            fix=one.fix if facts.estate.devices else None,  # a site without any is one that may not be read, and is not fixed
        )
