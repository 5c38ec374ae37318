"""finish of a decommission: journals, the run's certificate, and the rack's status when the last of turnup's servers left it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from turnup.domain.errors import HardwareFault, Refused, TurnupError, from_document
from turnup.domain.states import DECOMMISSION_CLAIMS, DECOMMISSION_ENDS, DECOMMISSION_UNWIPED
from turnup.erasure import canonical, certificates, page
from turnup.erasure.outcomes import Outcome
from turnup.erasure.outcomes import Result as End
from turnup.flow import guard, proofs, wiping
from turnup.flow.documents import append, latest
from turnup.flow.ending import fail
from turnup.flow.job import Job, RackJob
from turnup.flow.journal import entry
from turnup.flow.steps import leave
from turnup.flow.steps.finish import STATUSES
from turnup.ports import JournalEntry

RACK_ACTIVE, RACK_DEPRECATED = "active", "deprecated"
GONE = (DECOMMISSION_ENDS.after, DECOMMISSION_UNWIPED.after)
ROLL_UP, SEALED_LIST, SHRED = "certificates-of-run", "sealed_list.json", "pull-and-shred"


def do(job: RackJob) -> dict[str, TurnupError]:
    """A server that this run holds yet has failed, also where its task died without a word; it stays held."""
    devices = {device.id: device for device in job.ports.inventory.rack_servers(job.plan.rack_id)}
    failures: dict[str, TurnupError] = {}
    entries: list[JournalEntry] = []
    for server in job.servers:
        one, now = job.only(server), devices.get(server.id)
        closed = latest(one, leave.DOCUMENT)
        if now is not None and closed is not None and now.claim is None and now.last_run == job.run.claim:
            entries.append(
                entry(server.id, job.run, "success" if closed["wiped"] else "warning", _story(one, wiped=closed["wiped"]))
            )
            continue
        held = now is not None and (now.claim, now.status) == (job.run.claim, DECOMMISSION_CLAIMS.after)
        failures[server.name] = _why_not_done(one, held=held)
        if held:
            text = f"Decommission {job.run.claim} stopped; the server stays {DECOMMISSION_CLAIMS.after}. {failures[server.name]}"
            entries.append(entry(server.id, job.run, "danger", text))
    _certify(job)
    _shred(job)
    _rack(job)
    job.ports.inventory.write_journal(entries)
    seen = {server.name: devices[server.id].status if server.id in devices else "" for server in job.servers}
    append(job.ports.records, STATUSES, json.dumps({"statuses": seen}, sort_keys=True).encode())
    return failures


def _why_not_done(job: Job, *, held: bool) -> TurnupError:
    """Why the server did not get through. One that is held without a cause died without saying so."""
    kept = latest(job, "failed")
    if kept is not None:
        return from_document(kept)
    if not held:
        what = f"{job.server.subject} was not begun; nothing was changed."
        return Refused(what, "read the log of the task that failed.", cause="not-begun")
    silent = HardwareFault(
        f"{job.server.subject}: a row ended without saying why.",
        "read the log of its failed task, then clear it.",
        cause="row-died",
    )
    fail(job, silent)
    return silent


def _story(job: Job, *, wiped: bool) -> str:
    """What became of the server, for its journal."""
    results = proofs.known(job) if guard.sealed(job.ports.records).seal.wipes else ()
    if wiped:
        drives = ", ".join(one.drive.serial for one in results)
        return f"Left by {job.run.claim}: {len(results)} drives wiped and proven ({drives}). Its certificates are with the run."
    return f"Left by {job.run.claim}, NOT wiped. {leave.todo(job, results)}"


def _certify(job: RackJob) -> None:
    """Sign the run's certificate over every sealed drive, where drives were to be wiped; one more version each time."""
    sealed = guard.sealed(job.ports.records)
    begun = [one for one in map(job.only, sealed.plan.servers) if guard.is_begun(one)]
    if not sealed.seal.wipes or not begun:
        return
    listed = wiping.listed(sealed.plan, job.run.claim)
    job.ports.records.write(SEALED_LIST, json.dumps(listed.document(), sort_keys=True).encode())
    drives: list[dict[str, Any]] = []
    others: dict[str, tuple[Outcome, ...]] = {}
    for server in sealed.plan.servers:
        one = job.only(server)
        drives += proofs.certificates_of(one)
        left = [result for result in proofs.known(one) if not result.wiped and result.result != "unknown"]
        others[server.serial] = tuple(
            Outcome(each.drive.serial, each.drive.size, each.drive.model, each.slot, End(each.result), each.why) for each in left
        )
    at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        about = proofs.circumstances(begun[0], sealed, at)
    except TurnupError as error:
        job.log.warning("the run's certificate is not written: %s", error)
        return
    signed = job.ports.signer.sign(certificates.RUN, certificates.of_run(about, drives, others))
    number = append(job.ports.records, ROLL_UP, signed)
    job.ports.records.write(f"{ROLL_UP}/{number}.html", page.page(signed).encode())
    job.log.info("certificate of the run: version %d, %s", number, canonical.sha256(canonical.read(signed)["document"])[:12])


def _shred(job: RackJob) -> None:
    """The pull-and-shred list, for the technician: where each drive is that is not proven to be wiped."""
    wipes = guard.sealed(job.ports.records).seal.wipes
    rows: list[dict[str, Any]] = []
    for server in job.plan.servers:
        one = job.only(server)
        closed = latest(one, leave.DOCUMENT)
        if closed is None or closed["wiped"]:
            continue
        left = leave.pull_and_shred(one, proofs.known(one) if wipes else ())
        place = {"server": server.name, "serial": server.serial, "rack": server.rack, "unit": wiping.unit(server)}
        rows += [{**place, "slot": each.slot, "drive": str(each.drive), "why": each.why} for each in left]
        if not left:
            rows.append({**place, "slot": "all", "drive": "every drive that it has", "why": "it could not be asked"})
    if rows:
        append(job.ports.records, SHRED, json.dumps({"drives": rows}, sort_keys=True).encode())
        job.log.warning("%d drive(s) are to be pulled and shredded", len(rows))


def _rack(job: RackJob) -> None:
    """The rack is deprecated when all that is turnup's in it has left; other owners' servers and switches do not count."""
    ours = [one for one in job.ports.inventory.rack_servers(job.plan.rack_id) if job.site.is_ours(one.role, one.tenant)]
    if ours and all(one.status in GONE for one in ours) and job.plan.rack_status == RACK_ACTIVE:
        job.ports.inventory.set_rack_status(job.plan.rack_id, RACK_DEPRECATED, job.message())
        job.log.info("rack %s is deprecated: all %d servers that were turnup's there have left", job.plan.rack, len(ours))
