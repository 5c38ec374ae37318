"""claim of servers that leave: approved, unchanged since they were sealed, with enough capacity behind them; each only once.

A server that this run held and does not hold any more was put back or taken by somebody: it is never claimed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from turnup.domain.errors import Conflict, Refused, Transient, TurnupError
from turnup.domain.plans import ServerPlan
from turnup.domain.servers import Server
from turnup.domain.states import DECOMMISSION_ABORTED, DECOMMISSION_CLAIMS, HELD_ADVICE, why_not_claimable
from turnup.flow import guard, standing
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job, RackJob
from turnup.flow.steps.claim import Held, changed_macs
from turnup.ports import DeviceWrite

DOCUMENT = "claimed"
SECONDS = 120.0
"""For which claims of one role exclude each other, should the process that claims die."""


def do(job: RackJob) -> dict[str, TurnupError]:
    """Claim in the seal's order. A server that another run holds ends the whole row before anything is claimed."""
    found = guard.sealed(job.ports.records)
    for server in job.servers:
        guard.part_of(job.only(server), found)
    begun = all(guard.is_begun(job.only(server)) for server in job.servers)
    guard.approved(job.ports.records, found, datetime.now(UTC), guard.FINISHING if begun else timedelta(0))
    with _alone(job):
        return _claim_all(job)


def _claim_all(job: RackJob) -> dict[str, TurnupError]:
    failures: dict[str, TurnupError] = {}
    wanted: list[Server] = []
    for server in job.servers:
        try:
            if (now := _wanted(job.only(server))) is not None:
                wanted.append(now)
        except Held:
            raise
        except (Conflict, Refused) as error:
            failures[server.name] = error
    failures |= changed_macs(job) | _changed_addresses(job)
    wanted = [now for now in wanted if now.name not in failures]
    parts = [job.plan.server(now.name) for now in wanted]
    for role in sorted({part.role for part in parts}):
        leaving = [part for part in parts if part.role == role]
        failures |= _too_few(job, leaving)
    claimed: list[Job] = []
    for now in wanted:
        if now.name in failures:
            continue
        one = job.only(job.plan.server(now.name))
        try:
            _claim(one, now)
        except Conflict as error:
            failures[now.name] = error
        else:
            claimed.append(one)
            one.log.info("claimed for %s", job.run.claim)
    return failures


def _wanted(job: Job) -> Server | None:
    """The server as it is now, if it is to be claimed; None where this run holds it. Conflict: it is not what was sealed."""
    guard.refuse_closed(job)
    now = guard.in_its_rack(job.ports.inventory, job.plan, job.server)
    guard.refuse_changed(job.server, now)
    if (now.status, now.claim) == (DECOMMISSION_CLAIMS.after, job.run.claim):
        return None
    if now.claim and now.claim != job.run.claim:
        raise Held(f"{job.server.subject} is held by the run {now.claim}.", HELD_ADVICE, cause="claim-held")
    before = latest(job, DOCUMENT)
    if before is not None and before["version"] != now.version:
        what = f"{job.server.subject} was held by this run, and is {now.status} and held by no run now."
        raise Conflict(what, "somebody put it back: start a new run, if it is to leave.", cause="claim-lost")
    if why_not := why_not_claimable(now, job.run.claim, job.plan.flow):
        raise Conflict(f"{job.server.subject} {why_not}", "start a new run, if it is to leave.", cause="facts-changed")
    former = job.server.sealed.former_run if job.server.sealed else None
    if now.last_run != former:
        what = f"{job.server.subject} was held by {now.last_run or 'nobody'} since it was sealed, not by {former or 'nobody'}."
        raise Conflict(what, "it may have been installed anew: start a new run, if it is to leave.", cause="facts-changed")
    return now


def _changed_addresses(job: RackJob) -> dict[str, TurnupError]:
    """Servers that NetBox gives other addresses by now; what the others have is kept for the rows that follow."""
    interfaces = {address.interface_id for server in job.servers for address in server.addresses}
    there = {(one.interface_id, one.cidr) for one in job.ports.inventory.addresses_on(sorted(interfaces))}
    failures: dict[str, TurnupError] = {}
    for server in job.servers:
        if latest(job.only(server), "retired") is not None:
            continue  # this run took them away itself
        gone = [one for one in server.addresses if one.present and (one.interface_id, one.present) not in there]
        if gone:
            what = f"{server.subject}: NetBox has {', '.join(f'{one.present} on {one.interface}' for one in gone)} no more."
            failures[server.name] = Conflict(what, "start a new run, if it is to leave.", cause="facts-changed")
            continue
        known = {"management": server.management.present, "out_of_band": server.out_of_band.present}
        further = {"further": [one.present for one in server.further]} if server.further else {}
        keep(job.only(server), "addresses", {**known, **further})
    return failures


def _too_few(job: RackJob, leaving: list[ServerPlan]) -> dict[str, TurnupError]:
    """All servers of the role, where without them too few would serve: which of them is to stay a person decides."""
    verdict = standing.verdict(job.only(leaving[0]), leaving)
    if verdict.enough:
        return {}
    advice = "bring servers of the role back into service, then clear this task."
    refused = Refused(str(verdict), advice, cause="capacity-too-low")
    return {part.name: refused for part in leaving}


def _claim(job: Job, now: Server) -> None:
    """At the very version that was looked at: a change since then is a Conflict.

    That it is about to is kept first: who finds the server at another version later, and not held, knows that a claim was lost.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    keep(job, DOCUMENT, {"version": now.version, "at": at})
    wanted = DeviceWrite(
        status=DECOMMISSION_CLAIMS.after, claim=job.run.claim, cause="", last_run=job.run.claim, leaving_since=at
    )
    job.ports.inventory.write(now.id, now.version, wanted, job.message())


@contextmanager
def _alone(job: RackJob) -> Iterator[None]:
    """One claim at a time for a role, so that two runs do not count on the same server to stay. Transient: somebody claims."""
    names = {f"claim of role {role} of {job.plan.site}": 1 for role in sorted({server.role for server in job.servers})}
    slots = job.ports.slots
    if not slots.take(names, job.run.claim, SECONDS):
        what = "Another run claims servers of the same role at this moment."
        raise Transient(what, "wait: it takes seconds.", cause="claim-busy")
    try:
        yield
    finally:
        slots.give(list(names), job.run.claim)


def undo(job: Job) -> None:
    """The server is active and held by no run; one that this abort does not hold is left alone."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim == job.run.claim and now.status in DECOMMISSION_ABORTED.before:
        keep(job, guard.CLOSED, {"why": f"{job.run.claim} put it back into service"})
        back = DeviceWrite(status=DECOMMISSION_ABORTED.after, claim="", cause="", leaving_since="")
        job.ports.inventory.write(now.id, now.version, back, job.message())
