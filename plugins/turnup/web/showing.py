"""Standings, runs and counts become what the Racks page shows, with the links that lead to more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from turnup.domain.board import Action, Standing, State
from turnup.domain.elevation import units
from turnup.domain.fleet import Rack
from turnup.domain.progress import ASKS, RunSeen
from turnup.orchestration import settings
from turnup.web.shown import Freshness, Links, RackLine, RunShown, ServerShown, Urgent
from turnup.web.watch import Known


def rack_url(site: str, rack: str) -> str:
    """The rack's page, relative to `/turnup/`. Names are in the query: there they may hold anything."""
    return f"?{urlencode({'site': site, 'rack': rack})}"


def task_url(run_id: str, dag_id: str, task: str, index: int) -> str:
    """A task's page in Airflow."""
    mapped = f"/mapped/{index}" if index >= 0 else ""
    return f"{settings.run_of(dag_id, run_id).url}/tasks/{quote(task, safe='')}{mapped}"


def count(states: Sequence[State]) -> dict[str, int]:
    """{state: how many}, the most urgent first, without those that nobody is in."""
    found = Counter(states)
    return {state.value: found[state] for state in State if found[state]}


def together(lines: Sequence[RackLine]) -> dict[str, int]:
    """{state: how many} of several racks."""
    found = sum((Counter(line.counts) for line in lines), Counter[str]())
    return {state.value: found[state] for state in State if found[state]}


def server_shown(one: Standing, netbox: str, *, may_resume: bool) -> ServerShown:
    """One device as it stands. Whether somebody may answer a question, Airflow decides where it is asked."""
    device, at, cause, run = one.device, one.progress, one.cause, one.run
    action = one.next if one.next and (may_resume or one.next.kind != "resume") else None
    return ServerShown(
        id=device.id,
        name=device.name,
        state=one.state,
        label=one.label,
        ours=one.ours,
        status=device.status,
        units=units(device),
        height=device.height,
        model=device.model,
        role=device.role,
        serial=device.serial,
        asset_tag=device.asset_tag,
        face=device.face,
        held_by=device.claim or "",
        started_by=run.started_by if run and at else "",
        step=at.step if at else cause.step if cause else "",
        step_title=at.title if at else "",
        step_number=at.number if at else 0,
        steps=at.of if at else 0,
        step_words=at.words if at else "",
        since=one.since,
        cause=cause.what if cause else "",
        cause_title=cause.title if cause else "",
        cause_code=cause.code if cause else "",
        advice=cause.advice if cause else "",
        note=one.note,
        action=action,
        action_url=_answer_url(action) if action and action.kind == "approve" else "",
        links=_links(one, netbox),
    )


def urgent_shown(one: Standing, rack: str, url: str) -> Urgent:
    """A server that waits for somebody, with why in one line."""
    why = one.cause.title or one.cause.what.partition("\n")[0] if one.cause else one.note.partition(".")[0]
    return Urgent(one.device.site, rack, one.device.name, one.state, one.label, why, url)


def run_shown(run: RunSeen, *, cause: str = "", advice: str = "") -> RunShown:
    """One run as it goes."""
    page = settings.run_of(run.dag_id, run.run_id)
    asks = next((one for one in run.tasks if one.state == ASKS and one.index < 0), None)
    return RunShown(
        dag_id=run.dag_id,
        run_id=run.run_id,
        what=f"{run.dag_id.removeprefix('server_').capitalize()}{' (dry run)' if run.dry_run else ''}",
        state=run.state,
        started_by=run.started_by,
        since=run.began if run.going_on else run.ended,
        servers=len(run.servers),
        url=page.url,
        report=page.report,
        asks=f"{task_url(run.run_id, run.dag_id, asks.task, asks.index)}/required_actions" if asks else "",
        cause=cause,
        advice=advice,
    )


def freshness(known: Known, airflow_error: str) -> Freshness:
    """How old it is."""
    return Freshness(_text(known.at), known.error, _text(known.error_since), airflow_error)


def rack_link(rack: Rack, netbox: str) -> str:
    """The rack in NetBox."""
    return f"{netbox}/dcim/racks/{rack.id}/" if netbox else ""


def _answer_url(action: Action) -> str:
    return f"{task_url(action.run_id, action.dag_id, action.task, action.index)}/required_actions"


def _links(one: Standing, netbox: str) -> Links:
    device, run, at = one.device, one.run, one.progress
    page = settings.run_of(run.dag_id, run.run_id) if run else None
    reached = at is not None and at.state is not None
    bmc = f"[{device.bmc}]" if ":" in device.bmc else device.bmc
    return Links(
        netbox=f"{netbox}/dcim/devices/{device.id}/" if netbox else "",
        bmc=f"https://{bmc}" if bmc else "",
        run=page.url if page else "",
        report=page.report if page else "",
        task=task_url(run.run_id, run.dag_id, at.step, at.index) if run and at and reached else "",
    )


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
