"""The newest audit, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from turnup.domain.audits import Audit
from turnup.reporting import audits


@dataclass(frozen=True)
class Counted:
    """`findings` {(check, severity): how many nobody accepted}, `not_checked` {(check,): 1}."""

    finished_at: str
    findings: Mapping[tuple[str, str], int]
    not_checked: Mapping[tuple[str], int]


def newest(root: str) -> Counted | None:
    """Of those in the report store; None where there is none."""
    found = audits.latest(root)
    return None if found is None else counted(found)


def counted(audit: Audit) -> Counted:
    """By check and severity."""
    findings = Counter((one.check, str(one.severity)) for one in audit.findings)
    return Counted(audit.finished_at, findings, {(name,): 1 for name in audit.not_checked})
