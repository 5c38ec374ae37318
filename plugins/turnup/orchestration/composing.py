"""What a notice says, from the documents of its run at the moment when it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from turnup.domain.errors import TurnupError
from turnup.domain.holds import covering
from turnup.domain.notices import Event, Notice
from turnup.flow import guard
from turnup.flow.job import flow_log
from turnup.flow.steps import plan as plan_step
from turnup.orchestration import settings
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.noticing import DAG, FOLDER, Asked
from turnup.orchestration.timekeeping import now
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records
from turnup.reporting import notices
from turnup.reporting.gather import gather
from turnup.reporting.notices import Places
from turnup.reporting.report import Report

NOTICE = "notice.json"


def compose(place: Workplace, asked: Asked) -> tuple[Notice | None, dict[str, int]]:
    """The notice, None where there is nothing left to tell; and the failures in it, {server: how many causes it had by then}."""
    event = Event(asked.event)
    report = gather(place.records, place.run, now(), going_on=event is not Event.RUN_FINISHED)
    where = places(place, report)
    failed = {server.name: len(server.causes) for server in report.servers if server.open_cause is not None}
    match event:
        case Event.RUN_FINISHED:
            return notices.finished(report, where), failed
        case Event.SERVER_FAILED:
            before = told(place.records)
            new = {name: count for name, count in failed.items() if count > before.get(name, 0)}
            return (notices.failures(report, tuple(new), where) if new else None), new
        case Event.APPROVAL_WAITING:
            return notices.approval(report, asked.server, approvers(place, asked.task), where), {}
        case Event.HOLD_SET:
            hold = covering(place.ports.inventory.holds(), place.site_name)
            return (notices.held(report, hold, where) if hold else None), {}


def told(records: Records) -> dict[str, int]:
    """The failures that were told by now. One that came after a person resumed the server is not among them."""
    found: dict[str, int] = {}
    for name in records.names(FOLDER):
        if name.endswith(f"/{NOTICE}"):
            for server, count in json.loads(records.read(name) or b"{}").get("told", {}).items():
                found[server] = max(count, found.get(server, 0))
    return found


def approvers(place: Workplace, task: str) -> tuple[str, ...]:
    """Who may answer, where the plan says it: that of servers that leave does."""
    if plan_step.first(place.records).seal is None:
        return ()
    seal = guard.sealed(place.records).seal
    return seal.second_approvers if task == guard.SECOND else seal.approvers


def places(place: Workplace, report: Report) -> Places:
    """Where things are to be seen. What is not known is left out: a notice without a link is better than none."""
    query = urlencode({"site": report.site, "rack": report.rack} if report.rack else {})
    base = settings.base_url()
    racks = f"{base}/turnup/{f'?{query}' if query else ''}" if base else ""
    try:
        content = place.records.read(plan_step.NAME)
        plan: Mapping[str, Any] = json.loads(content) if content else {}
        netbox = NetBoxHook(place.site.netbox).url().rstrip("/")
        devices = {one["name"]: f"{netbox}/dcim/devices/{int(one['id'])}/" for one in plan.get("servers", ())}
    except (TurnupError, ValueError, LookupError) as error:
        flow_log(place.run, DAG).warning("The notice has no links to NetBox: %s", error)
        devices = {}
    return Places(racks, devices)
