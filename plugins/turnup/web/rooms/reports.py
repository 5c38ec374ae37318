"""`/turnup/reports/`: what runs did, newest first, and each run's report: HTML to read, JSON to process.

A run that goes on, or that ended without writing its report, is told from its documents as they are at the moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from turnup.flow.documents import dump
from turnup.orchestration import settings
from turnup.orchestration.timekeeping import now
from turnup.reporting import archive, identifier
from turnup.reporting.gather import gather
from turnup.reporting.page import page, render
from turnup.reporting.report import Report
from turnup.web.access import LoggedIn, reads_pages
from turnup.web.runs import Runs
from turnup.web.store import Store

ROUTER = APIRouter(prefix="/reports")
PAGE = 50
"""Runs in one page of the list."""


@dataclass(frozen=True)
class Shown:
    """A report with its version, 0 where it was made just now, and the versions there are."""

    report: Report
    version: int
    versions: tuple[int, ...]


def shown(
    report_id: str,
    reader: LoggedIn,
    store: Store,
    runs: Annotated[Runs, Depends()],
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Shown:
    """The report that the address names, if there is one and the reader may see it. Whoever may not learns no more than that."""
    named = identifier.read(report_id)
    if named is None:
        raise HTTPException(404, "There is no such report.")
    dag_id, run_id = named
    if not reader.may_read(dag_id):
        raise HTTPException(403, f"Airflow does not show you the runs of {dag_id}.")
    records = store.records(dag_id, run_id)
    if not store.has(dag_id, run_id):
        raise HTTPException(404, "There is no such report.")
    versions = archive.versions(records)
    going_on = runs.goes_on(dag_id, run_id)
    if version is None and (going_on or not versions):
        return Shown(gather(records, settings.run_of(dag_id, run_id), now(), going_on=going_on), 0, versions)
    number = version or versions[-1]
    report = archive.read(records, number)
    if report is None:
        raise HTTPException(404, f"This report has no version {number}.")
    return Shown(report, number, versions)


@ROUTER.get("/{report_id}.json")
def as_json(found: Annotated[Shown, Depends(shown)]) -> Response:
    """The report to process."""
    return Response(dump(Report, found.report), media_type="application/json")


@ROUTER.get("/{report_id}")
def as_page(request: Request, found: Annotated[Shown, Depends(shown)]) -> Response:
    """The report to read; JSON for a program that says so."""
    if "application/json" in request.headers.get("accept", "") and not reads_pages(request):
        return as_json(found)
    return HTMLResponse(page(found.report, found.version, found.versions))


@ROUTER.get("/")
def listed(reader: LoggedIn, store: Store, after: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """The newest reports, of those DAGs that the reader may see."""
    found = [run for run in store.newest() if reader.may_read(run.dag_id)]
    entries = [store.summary(run) for run in found[after : after + PAGE]]
    older = after + PAGE if len(found) > after + PAGE else None
    newer = max(0, after - PAGE) if after else None
    return HTMLResponse(render("list.html.j2", entries=entries, total=len(found), older=older, newer=newer))
