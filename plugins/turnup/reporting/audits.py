"""An audit's report in its run's folder: numbered versions, JSON and HTML, as other runs' reports; and the newest of all."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from turnup.adapters.report_store import RunRecords, stored_runs
from turnup.checks import CHECKS
from turnup.domain.audits import DAG, Audit
from turnup.domain.errors import Refused
from turnup.flow.documents import append, dump
from turnup.ports import Records
from turnup.reporting.archive import FOLDER, versions
from turnup.reporting.page import render

SHOWN = 200
"""Findings of one check that the page lists; the JSON has all."""


def write(records: Records, audit: Audit) -> int:
    """Keep it as the newest version; its number."""
    number = append(records, FOLDER, dump(Audit, audit))
    records.write(f"{FOLDER}/{number}.html", page(audit).encode())
    return number


def read(records: Records, number: int = 0) -> Audit | None:
    """A version, the newest without a number; None where there is none. Refused: it cannot be read."""
    there = versions(records)
    content = records.read(f"{FOLDER}/{number or there[-1]}.json") if there else None
    if content is None:
        return None
    try:
        return TypeAdapter(Audit).validate_json(content)
    except ValidationError as error:
        what = f"The report of this audit cannot be read by this version of turnup: {error}"
        raise Refused(what, "read its JSON instead.", cause="record-unreadable") from error


def latest(root: str, *, but: str = "") -> Audit | None:
    """The newest audit in the report store that wrote its report, but for that of the run `but`; one that undid is none."""
    for run in stored_runs(root):
        if run.dag_id != DAG or run.run_id == but:
            continue
        found = read(RunRecords(root, run.dag_id, run.run_id))
        if found is not None and not found.undoes:
            return found
    return None


def page(audit: Audit) -> str:
    """The audit to read."""
    return render("audit.html.j2", audit=audit, checks=CHECKS, most=SHOWN)
