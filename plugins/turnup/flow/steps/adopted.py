"""record: NetBox knows the server as adopted; and the closing row of an adoption."""

from __future__ import annotations

from turnup.domain.errors import Conflict, TurnupError
from turnup.domain.states import ADOPT_ENDS
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job, RackJob
from turnup.flow.journal import entry
from turnup.flow.steps import finish
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite, JournalEntry


def do(job: Job) -> Waiting[None]:
    """Record run and certificate and release the claim, in one conditional write; the status is not touched."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim is None and now.last_run == job.run.claim:
        job.log.info("is adopted already")
        return
    if now.claim != job.run.claim or now.status not in ADOPT_ENDS.before:
        raise Conflict(
            f"{job.server.subject} is {now.status} and held by {now.claim or 'no run'}, not active and held by this run.",
            "start a new run.",
            cause="claim-lost",
        )
    certificate = (latest(job, "bmc") or {}).get("certificate")
    change = DeviceWrite(claim="", cause="", last_run=job.run.claim, bmc_certificate=certificate)
    job.ports.inventory.write(now.id, now.version, change, job.message())
    keep(job, "adopted", {"certificate": certificate, **(latest(job, "identity") or {}), **(latest(job, "addresses") or {})})
    job.log.info("is adopted")
    return
    yield


def close(job: RackJob) -> dict[str, TurnupError]:
    """Write the journals. A server that this run still holds has failed, also where its task died without a word."""
    failures: dict[str, TurnupError] = {}
    entries: list[JournalEntry] = []
    devices = {device.id: device for device in job.ports.inventory.rack_servers(job.plan.rack_id)}
    for server in job.servers:
        one, now = job.only(server), devices.get(server.id)
        if now is not None and now.last_run == job.run.claim and now.claim is None:
            known = latest(one, "adopted") or {}
            seen = f"Serial number and MACs are right. SSH host key {known.get('host_key')}, BMC {known.get('certificate')}."
            text = f"Adopted by {job.run.claim}; nothing on it was changed. {seen}"
            entries.append(entry(server.id, job.run, "success", text))
            continue
        held = now is not None and now.claim == job.run.claim
        failures[server.name] = finish.why_not_done(one, held=held)
        if held or latest(one, "failed") is not None:
            text = f"Adoption {job.run.claim} failed. {failures[server.name]}"
            entries.append(entry(server.id, job.run, "danger", text))
    job.ports.inventory.write_journal(entries)
    return failures
