"""What runs did, boiled down: how servers ended, how long rows took, what failed and why, what burn-in found.

Read from a run's newest report as plain JSON, so that thousands of them can be read; from its documents where there is none yet.
A resumed run writes another report, which has all of the one before: what was counted once is never counted less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from turnup.domain.causes import CAUSES
from turnup.domain.error_budget import Ending
from turnup.flow.documents import dump
from turnup.flow.flows import FLOWS
from turnup.flow.job import Run
from turnup.ports import Records
from turnup.reporting import archive
from turnup.reporting.gather import gather
from turnup.reporting.report import Report, State

DAGS = {f"server_{flow}": flow for flow in FLOWS}
"""{DAG: its flow}: the runs that take servers along."""

OTHER = "other"
"""What stands for a cause that has no code, so that a label's values are those of the table."""


@dataclass(frozen=True)
class Took:
    """One try of a row that was done. `generation` is empty for what is done for a whole rack."""

    row: str
    generation: str
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A row that failed for good, and the code of its cause."""

    row: str
    cause: str


@dataclass(frozen=True)
class Found:
    """One figure of a burn-in, as it was judged."""

    generation: str
    test: str
    figure: str
    outcome: str


@dataclass(frozen=True)
class Past:
    """One run. `site` is empty where the run had none."""

    dag_id: str
    site: str
    endings: tuple[Ending, ...] = ()
    took: tuple[Took, ...] = ()
    failed: tuple[Failed, ...] = ()
    found: tuple[Found, ...] = ()


def read(records: Records, run: Run, at: str, *, going_on: bool = False) -> Past:
    """The run as things stand `at` that time (ISO 8601). One without a report is told from its documents, as one that goes on."""
    content = None
    if not going_on and (versions := archive.versions(records)):
        content = records.read(f"{archive.FOLDER}/{versions[-1]}.json")
    return of_report(json.loads(content or dump(Report, gather(records, run, at, going_on=True))))


def of_report(report: Mapping[str, Any]) -> Past:
    """What a report (JSON) comes to. What it does not have, as an older version's may not, is left out."""
    dag_id, site = str(report.get("dag_id") or ""), str(report.get("site") or "")
    servers = [one for one in report.get("servers") or () if isinstance(one, dict)]
    return Past(
        dag_id,
        site,
        endings=tuple(_endings(report, servers, site)) if dag_id in DAGS else (),
        took=(*_took(report, ""), *(took for one in servers for took in _took(one, str(one.get("generation") or "")))),
        failed=tuple(failed for one in (report, *servers) for failed in _failed(one)),
        found=tuple(found for one in servers for found in _found(one)),
    )


def _endings(report: Mapping[str, Any], servers: list[dict[str, Any]], site: str) -> Iterator[Ending]:
    """Of those servers that got through or failed; what goes on, or was never begun, has not ended."""
    for one in servers:
        if one.get("state") not in {State.DONE, State.FAILED}:
            continue
        failed = one["state"] == State.FAILED
        causes = one.get("causes") or ()
        times = [str(row["ended"]) for row in one.get("rows") or () if row.get("ended")]
        at = max(times, default="") or str(report.get("ended_at") or report.get("written_at") or "")
        if at:
            cause = _code(causes[-1]) if failed and causes else ""
            yield Ending(site, str(one.get("generation") or ""), str(one.get("name") or ""), at, failed, cause)


def _took(part: Mapping[str, Any], generation: str) -> Iterator[Took]:
    for row in part.get("rows") or ():
        for one in row.get("tries") or ():
            if one.get("outcome") == "done":
                yield Took(str(row.get("name")), generation, float(one.get("seconds") or 0))


def _failed(part: Mapping[str, Any]) -> Iterator[Failed]:
    for cause in part.get("causes") or ():
        yield Failed(str(cause.get("row") or ""), _code(cause))


def _found(server: Mapping[str, Any]) -> Iterator[Found]:
    for burn_in in server.get("burn_in") or ():
        for figure in burn_in.get("figures") or ():
            what = (str(figure.get(name) or "") for name in ("test", "figure", "outcome"))
            yield Found(str(server.get("generation") or ""), *what)


def _code(cause: Mapping[str, Any]) -> str:
    code = str(cause.get("code") or "")
    return code if code in CAUSES else OTHER
