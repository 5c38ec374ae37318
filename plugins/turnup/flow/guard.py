"""What every row that drains, wipes or releases asks before it acts, every time. It trusts no row that came before it.

A task that is cleared late, marked successful by hand or started by a restart finds the same refusals here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from turnup.domain.errors import Conflict, Refused, Transient
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.seals import Seal
from turnup.domain.servers import Server
from turnup.domain.states import DECOMMISSION_CLAIMS
from turnup.flow import approval
from turnup.flow.documents import latest, load
from turnup.flow.job import Job
from turnup.flow.steps import plan as plan_step
from turnup.ports import Inventory, Records

CLOSED = "closed"
"""Kind of the document that says: this run is done with the server."""

FIRST, SECOND = "approval", "second_approval"
"""The gates, by the names of their tasks."""

WIPING = "wiping"
"""Kind of the document that says whether a drive of the server may have been wiped."""

ACTING = 300.0
"""Seconds for which acting on a server keeps others from it, should the process that acts die."""

CLOCKS_APART = timedelta(minutes=5)
FINISHING = timedelta(hours=96)
"""How much longer an approval counts once the wipe has begun under it: large drives take days, and half wiped helps nobody."""

NEW_RUN = "abort this run's servers that are not done, then start a new run."


@dataclass(frozen=True)
class Sealed:
    """The plan as it was sealed, under the hash of its bytes."""

    plan: Plan
    seal: Seal
    sha256: str


def demand(job: Job) -> Server:
    """The server as NetBox has it now, if this run may act on it; else Refused or Conflict, with the first reason found."""
    found = sealed(job.ports.records)
    part_of(job, found)
    refuse_closed(job)
    now = held(job)
    decisions(job, found)
    return now


@contextmanager
def acting(job: Job) -> Iterator[Server]:
    """Act within the block, and only then: every guard is asked inside it, and no abort takes the server meanwhile.

    Transient: somebody else acts on it at this moment.
    """
    with alone(job):
        yield demand(job)


@contextmanager
def alone(job: Job) -> Iterator[None]:
    """Nobody else acts on the server within the block: neither a row, nor an abort that a row did not hear of."""
    name, holder = f"acting on device {job.server.id}", f"{job.run.claim} {job.step}"
    if not job.ports.slots.take({name: 1}, holder, ACTING):
        what = f"{job.server.subject}: somebody else acts on it at this moment."
        raise Transient(what, "wait: it takes a minute or two.", cause="server-busy")
    try:
        yield
    finally:
        job.ports.slots.give([name], holder)


def is_begun(job: Job) -> bool:
    """Whether a drive of the server may have been wiped by this run."""
    return bool((latest(job, WIPING) or {}).get("begun"))


def sealed(records: Records) -> Sealed:
    """The seal, from the very bytes that were approved. Refused: there is none, it is empty, or somebody planned again."""
    content = records.read(plan_step.NAME)
    if content is None:
        raise Refused("This run has no seal.", NEW_RUN, cause="seal-broken")
    plan = load(Plan, content, plan_step.NAME)
    if plan.flow != "decommission" or plan.seal is None or not plan.servers:
        raise Refused("The seal of this run names no server.", NEW_RUN, cause="seal-broken")
    if records.names(plan_step.PARTS):
        raise Refused("Something was planned again in this run, which a decommission never does.", NEW_RUN, cause="seal-broken")
    return Sealed(plan, plan.seal, hashlib.sha256(content).hexdigest())


def part_of(job: Job, found: Sealed) -> ServerPlan:
    """The job's server as it is sealed. Refused: it is not, or not as the job has it, or without drives that are to be wiped."""
    parts = [part for part in found.plan.servers if part.id == job.server.id]
    if parts != [job.server] or job.server.sealed is None:
        raise Refused(f"{job.server.subject} is not in the seal of this run.", NEW_RUN, cause="seal-broken")
    if found.seal.wipes and not job.server.sealed.drives:
        what = f"{job.server.subject}: the seal names no drive of it, and an empty list never means all of them."
        raise Refused(what, NEW_RUN, cause="seal-broken")
    return parts[0]


def refuse_closed(job: Job) -> None:
    """Refused: this run is done with the server, however that came."""
    closed = latest(job, CLOSED)
    if closed is not None:
        what = f"{job.server.subject}: this run is done with it, {closed.get('why')}."
        raise Refused(what, "start a new run, if it is to leave.", cause="run-closed")


def held(job: Job) -> Server:
    """The server as it is now. Conflict: this run does not hold it, or it is not what was sealed any more."""
    now = in_its_rack(job.ports.inventory, job.plan, job.server)
    if now.claim != job.run.claim or now.status != DECOMMISSION_CLAIMS.after:
        holder = f"held by {now.claim}" if now.claim else "held by no run"
        what = f"{job.server.subject} is {now.status} and {holder}, not {DECOMMISSION_CLAIMS.after} and held by this run."
        raise Conflict(what, "find out who changed it; start a new run if it is to leave.", cause="claim-lost")
    refuse_changed(job.server, now)
    return now


def in_its_rack(inventory: Inventory, plan: Plan, part: ServerPlan) -> Server:
    """The device as it is now. Conflict: it is not in the rack of the seal any more."""
    for device in inventory.rack_servers(plan.rack_id):
        if device.id == part.id:
            return device
    what = f"{part.subject} is not in rack {plan.rack} of site {plan.site} any more, as NetBox has it."
    raise Conflict(what, "look where it stands, correct NetBox, then start a new run.", cause="facts-changed")


def refuse_changed(part: ServerPlan, now: Server) -> None:
    """Conflict: what a person would recognize the server by is not as it was sealed."""
    tenant = part.sealed.tenant if part.sealed else None
    known = {
        "name": part.name,
        "serial": part.serial,
        "asset_tag": part.asset_tag,
        "role": part.role,
        "position": part.position,
        "tenant": tenant,
    }
    changed = [
        f"{field} is {getattr(now, field)!r}, sealed {value!r}" for field, value in known.items() if getattr(now, field) != value
    ]
    if changed:
        what = f"{part.subject} changed in NetBox since it was sealed: {'; '.join(changed)}."
        raise Conflict(what, "correct NetBox if that was a mistake; else start a new run for it.", cause="facts-changed")


def decisions(job: Job, found: Sealed) -> tuple[approval.Decision, ...]:
    """The decisions that allow exactly this seal, for this server, now."""
    longer = FINISHING if is_begun(job) else timedelta(0)
    return approved(job.ports.records, found, datetime.now(UTC), longer)


def approved(
    records: Records, found: Sealed, now: datetime, longer: timedelta = timedelta(0), *, until: str = SECOND
) -> tuple[approval.Decision, ...]:
    """The decisions that allow exactly this seal, one a gate. Refused: one is missing, is a no, or does not count.

    `until` is the last gate that anybody was asked at; only who asks there looks no further.
    """
    seal = found.seal
    gates = [(FIRST, seal.approvers)]
    if seal.why_second and until == SECOND:
        gates.append((SECOND, seal.second_approvers))
    valid = timedelta(seconds=found.seal.valid_seconds) + longer
    given = tuple(_decision(records, found, gate, people, (now - valid, now + CLOCKS_APART)) for gate, people in gates)
    if len({one.by.casefold() for one in given}) < len(given):
        what = f"{given[0].by} approved the seal {found.sha256[:12]} twice; two different people are needed."
        raise Refused(what, f"clear the task {SECOND} of this run, for somebody else to answer.", cause="approval-invalid")
    return given


def _decision(
    records: Records, found: Sealed, gate: str, people: tuple[str, ...], within: tuple[datetime, datetime]
) -> approval.Decision:
    """The last decision at this gate. A task that was marked successful by hand leaves none."""
    short, clear = found.sha256[:12], f"clear the task {gate} of this run and let it be answered."
    last = approval.last(records, found.sha256, gate)
    if last is None or last.chosen != approval.APPROVE:
        said = "has none" if last is None else f"{last.by} said no"
        raise Refused(f"The seal {short} needs an approval ({gate}), and {said}.", clear, cause="approval-missing")
    if last.by.casefold() in {one.casefold() for one in found.seal.requesters}:
        what = f"{last.by} asked for the seal {short} and cannot approve it."
        raise Refused(what, clear, cause="approval-invalid")
    if last.by not in people:
        raise Refused(f"{last.by} may not approve the seal {short} ({gate}).", clear, cause="approval-invalid")
    if not within[0] <= datetime.fromisoformat(last.at) <= within[1]:
        what = f"The approval of the seal {short} by {last.by} is of {last.at}; it counts for {found.seal.valid_seconds} s."
        raise Refused(what, clear, cause="approval-invalid")
    return last
