"""The newest audit's report, from the report store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from turnup.adapters.report_store import RunRecords, stored_runs

DAG = "fleet_audit"
FILE = "audit.json"
WHOLE = 20
"""So many of the newest runs are looked through for one that ended with a report."""


@dataclass(frozen=True)
class Audit:
    """`findings` {(check, severity): how many}, `not_checked` {(check,): how many times}."""

    finished_at: str
    findings: Mapping[tuple[str, str], int]
    not_checked: Mapping[tuple[str], int]


def read(root: str) -> Audit | None:
    """The newest one in the store; None where there is none."""
    runs = [run for run in stored_runs(root) if run.dag_id == DAG]
    for run in runs[:WHOLE]:
        if (content := RunRecords(root, run.dag_id, run.run_id).read(FILE)) is not None:
            return of(json.loads(content))
    return None


def of(document: Mapping[str, Any]) -> Audit:
    """The audit's JSON, counted."""
    findings = Counter((str(one["check"]), str(one["severity"])) for one in document["findings"])
    missing = Counter((str(one["check"] if isinstance(one, dict) else one),) for one in document.get("not_checked") or ())
    return Audit(str(document["finished_at"]), findings, missing)
