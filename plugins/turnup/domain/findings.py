"""Findings are values: what is not as intended, where, how it shows, why it matters, what to do. Pure.

Two findings of one check about one subject of one site are the same finding, whenever they are found: by that an audit tells what
is new, what is still there and what is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Severity(StrEnum):
    """What comes of it if nobody does anything."""

    CRITICAL = "critical"
    """A server, or what is on it, can be lost or taken over."""
    WARNING = "warning"
    """The next run, reboot or repair goes wrong."""
    NOTICE = "notice"
    """Two records differ; nobody is hurt yet."""


SEVERITIES = tuple(Severity)
"""The worst first."""


@dataclass(frozen=True)
class Fix:
    """A safe fix that a check offers: what it `does`, in a sentence; the action of `auditing.actions` and its values.

    `device_id` is the NetBox device it is about, if it is about one: its claim is looked at before anything is done.
    """

    does: str
    action: str
    values: Mapping[str, str | int | None] = field(default_factory=dict)
    device_id: int | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is not as intended. `subject` is a stable name: a device, an address, a minion id; `rack` if any."""

    check: str
    severity: Severity
    site: str
    subject: str
    evidence: str
    why: str = ""
    advice: str = ""
    runbook: str = ""
    rack: str = ""
    fix: Fix | None = None

    @property
    def id(self) -> str:
        """The same for the same finding at any time."""
        return hashlib.sha256("\0".join((self.check, self.site, self.subject)).encode()).hexdigest()[:12]


def each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Every finding once, the worst first. What two of one identity saw is told in one."""
    found: dict[str, Finding] = {}
    for one in findings:
        before = found.get(one.id)
        if before is None:
            found[one.id] = one
        elif one.evidence not in before.evidence:
            found[one.id] = replace(before, evidence=f"{before.evidence} {one.evidence}", fix=before.fix or one.fix)
    return tuple(
        sorted(found.values(), key=lambda one: (SEVERITIES.index(one.severity), one.check, one.site, one.rack, one.subject))
    )
