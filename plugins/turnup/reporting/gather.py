"""gather(): a run's documents become its report. Whatever is missing is left out, and what cannot be read is said so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from turnup.flow.flows import FLOWS
from turnup.flow.install import INSTALL
from turnup.flow.job import Run
from turnup.flow.steps.finish import STATUSES
from turnup.flow.times import FACTS, Outcome
from turnup.ports import Records
from turnup.reporting import headline, undone
from turnup.reporting.drives import drives
from turnup.reporting.folder import Folder
from turnup.reporting.identifier import identifier
from turnup.reporting.report import Check, Decision, LeftAlone, Problem, Report, Row, Server
from turnup.reporting.rows import Past, causes, past, row, seconds_between
from turnup.reporting.servers import server

BEFORE = (
    ("snapshot", "read the rack from NetBox"),
    ("plan", "decide everything, or refuse with every problem"),
    ("preflight", "of a dry run: could it be done now?"),
    ("approval", "somebody says yes, where that is asked for"),
)
"""What comes before the rows of a flow whose servers stay."""

BEFORE_LEAVING = (
    BEFORE[0],
    ("survey", "ask each server who it is and what it does"),
    ("seal", "fix what may be touched, or refuse with every problem"),
    ("approval", "somebody says yes to exactly what is sealed"),
    ("second_approval", "somebody else does, where a cap is exceeded"),
)
"""What comes before the rows of a decommission."""


def gather(records: Records, run: Run, at: str, *, going_on: bool = False) -> Report:
    """The report as things stand `at` that time (ISO 8601). `going_on`: the run has not ended."""
    folder = Folder(records)
    facts = folder.document(FACTS)
    asked = facts.get("params")
    params: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    tries = past(folder)
    content = folder.content("plan.json")
    plan = _plan(content)
    if run.dag_id == undone.DAG:
        title, rows = undone.title(params), undone.rows(tries)
        servers = undone.servers(folder, params, going_on=going_on)
        tries = [one for one in tries if one.row != undone.CLOSING]  # it fails for the servers, whose causes are their own
    else:
        title, rows = headline.title(plan, params, run.dag_id), _rows(plan, tries, run.dag_id)
        servers = _servers(folder, plan, rows, going_on=going_on)
    decisions = tuple(sorted((_decision(one) for one in folder.all_below("approval")), key=lambda one: one.at))
    checks = tuple(_check(one) for one in folder.latest_list("preflight"))
    problems = () if content else _problems(tries)
    why = () if problems else tuple(causes(tries))
    began, ended = _began(facts, tries), None if going_on else _ended(rows, servers)
    state, text = headline.of(
        headline.Facts(
            flow=undone.flow(servers) if run.dag_id == undone.DAG else str(plan.get("flow") or ""),
            planned=content is not None or run.dag_id == undone.DAG,
            dry_run=bool(params.get("dry_run")),
            going_on=going_on,
            servers=servers,
            decisions=decisions,
            problems=problems,
            checks=checks,
            causes=[cause for cause in why if not cause.mended],
        )
    )
    return Report(
        id=identifier(run.dag_id, run.run_id),
        dag_id=run.dag_id,
        run_id=run.run_id,
        state=state,
        headline=text,
        written_at=at,
        title=title,
        url=run.url,
        link=run.report,
        started_by=str(facts.get("started_by") or ""),
        started_at=began,
        ended_at=ended,
        seconds=seconds_between(began, ended),
        params=params,
        site=str(plan.get("site") or params.get("site") or ""),
        rack=str(plan.get("rack") or params.get("rack") or ""),
        reason=str(params.get("reason") or ""),
        plan_sha256=hashlib.sha256(content).hexdigest() if content else "",
        plan_text=folder.text("plan.txt"),
        approval_required=bool(plan.get("approval_required")),
        approvals=decisions,
        problems=problems,
        checks=checks,
        causes=why,
        rows=rows,
        servers=servers,
        left_alone=tuple(LeftAlone(str(one["name"]), str(one["why"])) for one in plan.get("left_alone") or ()),
        notes=tuple(folder.notes),
    )


def _plan(content: bytes | None) -> Mapping[str, Any]:
    """The plan as plain JSON: a report can also be made of a plan whose flow this version of turnup does not run any more."""
    found = json.loads(content) if content else {}
    return found if isinstance(found, dict) else {}


def _servers(folder: Folder, plan: Mapping[str, Any], rows: tuple[Row, ...], *, going_on: bool) -> tuple[Server, ...]:
    flow = FLOWS.get(str(plan.get("flow")), INSTALL)
    seen = {} if going_on else folder.latest(STATUSES).get("statuses") or {}
    ended = {one.name: one.ended for one in rows if one.ended}
    wipe = str((plan.get("seal") or {}).get("wipe", ""))
    found = []
    for part in plan.get("servers") or ():
        one = server(folder, flow, part, str(seen.get(part.get("name"), "")), ended, going_on=going_on)
        found.append(replace(one, drives=drives(folder, part, wipe)))
    return tuple(found)


def _rows(plan: Mapping[str, Any], tries: list[Past], dag_id: str) -> tuple[Row, ...]:
    flow = FLOWS.get(headline.flow_of(plan, dag_id), INSTALL)
    before = BEFORE_LEAVING if flow.leaves else BEFORE
    named = [*before, *((one.name, one.title) for one in (*flow.rack_rows, flow.closing_row))]
    return tuple(row(name, title, [one for one in tries if one.row == name]) for name, title in named)


def _decision(document: Mapping[str, Any]) -> Decision:
    return Decision(*(str(document.get(key, "")) for key in ("chosen", "by", "at", "plan_sha256")))


def _check(document: Mapping[str, Any]) -> Check:
    return Check(*(str(document.get(key, "")) for key in ("subject", "check", "outcome", "what", "advice", "cause")))


def _problems(tries: list[Past]) -> tuple[Problem, ...]:
    """What the latest plan was refused for."""
    refused = [one for one in tries if one.one.outcome is Outcome.FAILED and one.problems]
    return refused[-1].problems if refused else ()


def _began(facts: Mapping[str, Any], tries: list[Past]) -> str | None:
    return str(facts.get("started_at") or "") or (tries[0].one.began if tries else None)


def _ended(rows: tuple[Row, ...], servers: tuple[Server, ...]) -> str | None:
    """When the last row that was tried ended."""
    every = [*rows, *(one for server in servers for one in server.rows)]
    return max((one.ended for one in every if one.ended), default=None)
