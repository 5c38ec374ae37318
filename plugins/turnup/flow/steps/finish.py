"""finish: look how every server ended, write the journals, and the rack's status when all of it is active."""

from __future__ import annotations

import json

from turnup.domain.errors import HardwareFault, Refused, TurnupError, from_document
from turnup.domain.states import INSTALL_FAILS, Status
from turnup.flow.documents import append, latest
from turnup.flow.ending import fail
from turnup.flow.job import Job, RackJob
from turnup.flow.journal import entry
from turnup.flow.steps import enter_service
from turnup.ports import JournalEntry

RACK_ACTIVE = "active"
STATUSES = "statuses"
"""Folder of what NetBox said of each server when the run was closed."""


def do(job: RackJob) -> dict[str, TurnupError]:
    """A server that this run still holds has failed, also where its task died without a word; the cause is in its journal.

    The rack is active when all is that turnup installs there: a switch or another owner's server, whatever its status, is not
    what it waits for.
    """
    devices = job.ports.inventory.rack_servers(job.plan.rack_id)
    statuses = {device.id: device.status for device in devices}
    claims = {device.id: device.claim for device in devices}
    ours = [device.status for device in devices if job.site.is_ours(device.role, device.tenant)]
    failures: dict[str, TurnupError] = {}
    entries: list[JournalEntry] = []
    for server in job.servers:
        one = job.only(server)
        if statuses.get(server.id) == Status.ACTIVE:
            held = claims.get(server.id) == job.run.claim
            if latest(one, "live") is None:
                continue
            if enter_service.is_done(one) and not held:
                entries.append(entry(server.id, job.run, "success", f"Installed by {job.run.claim}. {_numbers(one)}"))
                continue
            failures[server.name] = why_not_done(one, held=held)
            what = f"Installed by {job.run.claim}: active, and not in service. {failures[server.name]}"
            entries.append(entry(server.id, job.run, "danger", what))
            continue
        held = one.ports.inventory.device(server.id).claim == job.run.claim
        failures[server.name] = why_not_done(one, held=held)
        if held or latest(one, "failed") is not None:
            entries.append(entry(server.id, job.run, "danger", f"Install {job.run.claim} failed. {failures[server.name]}"))
        if held:
            statuses[server.id] = INSTALL_FAILS.after
    if ours and all(status == Status.ACTIVE for status in ours) and job.plan.rack_status != RACK_ACTIVE:
        job.ports.inventory.set_rack_status(job.plan.rack_id, RACK_ACTIVE, job.message())
        job.log.info("rack %s is active: all %d servers that turnup installs there are", job.plan.rack, len(ours))
    job.ports.inventory.write_journal(entries)
    seen = {server.name: statuses.get(server.id, "") for server in job.servers}
    append(job.ports.records, STATUSES, json.dumps({"statuses": seen}, sort_keys=True).encode())
    return failures


def why_not_done(job: Job, *, held: bool) -> TurnupError:
    """Why the server did not get through. One that is held still died without saying so: it is marked failed now."""
    if held:
        silent = HardwareFault(
            f"{job.server.subject}: a row ended without saying why.",
            "read the log of its failed task, then clear that task.",
            cause="row-died",
        )
        fail(job, silent)
        return silent
    kept = latest(job, "failed")
    if kept is None:
        return Refused(
            f"{job.server.subject} was not begun; nothing was changed.",
            "read the log of the task that failed.",
            cause="not-begun",
        )
    return from_document(kept)


def _numbers(job: Job) -> str:
    """The burn-in in one line."""
    kept = latest(job, "burn_in")
    if kept is None:
        return ""
    figures = ", ".join(f"{one['figure']} {one['value']:g}" for one in kept["verdicts"] if one["value"] is not None)
    return f"Burn-in {kept['profile']}: {figures}."
