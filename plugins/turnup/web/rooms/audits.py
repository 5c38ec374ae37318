"""`/turnup/api/audits/latest`, and the reports of audits: what is not as intended, and what nobody could look at."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from turnup.domain.audits import DAG, Audit, Told
from turnup.flow.documents import dump
from turnup.reporting import audits, identifier
from turnup.web.access import LoggedIn, Reader, reads_pages
from turnup.web.store import ReportStore, Store

ROUTER = APIRouter()
Version = Annotated[int, Query(ge=0, le=1_000_000)]


@ROUTER.get("/api/audits/latest")
def latest(reader: LoggedIn, store: Store) -> dict[str, Any]:
    """The newest audit: its findings, and the names of the checks that were not made."""
    _allowed(reader)
    found = audits.latest(store.root)
    if found is None:
        raise HTTPException(404, "No audit has ended yet.")
    return {
        "id": found.id,
        "finished_at": found.finished_at,
        "headline": found.headline,
        "sites": found.sites,
        "checks": found.checks,
        "findings": [_finding(one) for one in found.findings],
        "not_checked": list(found.not_checked),
        "not_checked_because": dict(found.why_not),
        "accepted": [{**_finding(one.finding), "until": one.until, "reason": one.reason} for one in found.accepted],
        "gone": [{"check": one.check, "site": one.site, "subject": one.subject, "since": one.since} for one in found.gone],
        "fixes": [{"check": one.check, "subject": one.subject, "does": one.does, "outcome": one.outcome} for one in found.fixes],
    }


@ROUTER.get(f"/reports/{DAG}.{{run}}.json")
def as_json(run: str, reader: LoggedIn, store: Store, version: Version = 0) -> Response:
    """An audit's report to process."""
    return Response(dump(Audit, _found(run, reader, store, version)), media_type="application/json")


@ROUTER.get(f"/reports/{DAG}.{{run}}")
def as_page(run: str, request: Request, reader: LoggedIn, store: Store, version: Version = 0) -> Response:
    """An audit's report to read; JSON for a program that says so."""
    if "application/json" in request.headers.get("accept", "") and not reads_pages(request):
        return as_json(run, reader, store, version)
    return HTMLResponse(audits.page(_found(run, reader, store, version)))


def _found(run: str, reader: Reader, store: ReportStore, version: int) -> Audit:
    """The audit of that run, if it has ended and the reader may see it."""
    named = identifier.read(f"{DAG}.{run}")
    if named is None:
        raise HTTPException(404, "There is no such report.")
    _allowed(reader)
    found = audits.read(store.records(*named), version)
    if found is None:
        raise HTTPException(404, "This audit has written no such report: it goes on, was ended, or never was.")
    return found


def _allowed(reader: Reader) -> None:
    if not reader.may_read(DAG):
        raise HTTPException(403, f"Airflow does not show you the runs of {DAG}.")


def _finding(one: Told) -> dict[str, Any]:
    return {
        "id": one.id,
        "check": one.check,
        "severity": one.severity,
        "site": one.site,
        "rack": one.rack,
        "subject": one.subject,
        "evidence": one.evidence,
        "why": one.why,
        "advice": one.advice,
        "runbook": one.runbook,
        "state": one.age,
        "since": one.since,
        "fix": one.fix.does if one.fix else None,
        "accept": one.accept,
    }
