"""The report store as the pages read it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends

from turnup.adapters.report_store import RunRecords, StoredRun, stored_runs
from turnup.domain.errors import TurnupError
from turnup.flow.times import FACTS
from turnup.orchestration import settings
from turnup.ports import Records
from turnup.reporting import archive
from turnup.reporting.identifier import identifier


@dataclass(frozen=True)
class Entry:
    """One run in the list of reports."""

    id: str
    title: str
    headline: str = "No report is written yet; its page tells how things stand."
    state: str = "not reached"
    started_by: str = ""
    started_at: str = ""
    seconds: float | None = None
    run_id: str = ""


class ReportStore:
    """Every run's documents, to be read. `root` is the store's folder or URL."""

    def __init__(self, root: str) -> None:
        self.root = root

    def newest(self) -> list[StoredRun]:
        """Every run, the newest first."""
        return stored_runs(self.root)

    def records(self, dag_id: str, run_id: str) -> Records:
        """One run's documents."""
        return RunRecords(self.root, dag_id, run_id)

    def has(self, dag_id: str, run_id: str) -> bool:
        """Whether the run left anything."""
        return bool(self.records(dag_id, run_id).names(""))

    def summary(self, run: StoredRun) -> Entry:
        """What the list says about a run: of its newest report, without reading more of it than that."""
        entry = Entry(identifier(run.dag_id, run.run_id), run.dag_id, run_id=run.run_id)
        records = self.records(run.dag_id, run.run_id)
        try:
            versions = archive.versions(records)
            report = _read(records, f"{archive.FOLDER}/{versions[-1]}.json") if versions else {}
            facts = report or _read(records, FACTS)
        except TurnupError as error:
            return replace(entry, headline=error.what, state="failed")
        return replace(
            entry,
            title=str(report.get("title") or entry.title),
            headline=str(report.get("headline") or entry.headline),
            state=str(report.get("state") or entry.state),
            started_by=str(facts.get("started_by") or ""),
            started_at=str(facts.get("started_at") or ""),
            seconds=report.get("seconds"),
        )


def store() -> ReportStore:
    """The one that Airflow's configuration names."""
    return ReportStore(settings.report_store())


Store = Annotated[ReportStore, Depends(store)]
"""A route's parameter of this type is the report store."""


def _read(records: Records, name: str) -> dict[str, Any]:
    try:
        found = json.loads(records.read(name) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
