"""drain: out of its pool, one server of a role at a time, as long as enough others really serve.

Capacity is taken under a lock for site and role, which is held until the server is out. The lock expires, so that a process that
dies does not stop everybody; so capacity is counted once more when nothing new comes any more, and the server goes back where
somebody else was faster.
"""

from __future__ import annotations

from contextlib import suppress

from turnup.domain.capacity import CapacityVerdict
from turnup.domain.errors import Refused, TurnupError
from turnup.flow import guard, hold, standing, traffic
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses
from turnup.flow.waiting import Wait, Waiting
from turnup.ports import InPool, Target

DOCUMENT = "drain"
LOCKED = 120.0
"""Seconds that the lock holds without being taken anew; it is, at every look."""

LONGEST_TURN = 6 * 3600.0
"""Seconds to wait for one's turn: others drain before, and each may take its time."""

TAKES_PART = (InPool.SERVING, InPool.WAITING, InPool.DRAINING)


def do(job: Job) -> Waiting[None]:
    """Wait for the turn, take it out, wait until its connections are gone; then no load balancer knows it any more."""
    guard.demand(job)
    server = target(job)
    if server is None or job.ports.traffic.state(server).state not in TAKES_PART:
        yield from _without_pool(job)
        return
    try:
        yield from _turn(job)
        yield from _out(job, server)
        yield from _empty(job, server)
        with guard.acting(job):
            job.ports.traffic.leave(server)
        refuse_in_service(job)
        keep(job, DOCUMENT, {**(latest(job, DOCUMENT) or {}), "out": True})
        job.log.info("is out of service: no load balancer knows it, and no connection is left")
    finally:
        job.ports.slots.give([_lock(job)], _holder(job))


def target(job: Job) -> Target | None:
    """The server as load balancers know it; None where its role has no pool, or it has no address."""
    if not traffic.has_pool(job) or job.server.management.present is None:
        return None
    return traffic.target(job, addresses.management_ip(job))


def refuse_in_service(job: Job) -> None:
    """Refused: a load balancer still has it, or has it again."""
    server = target(job)
    if server is None:
        return
    member = job.ports.traffic.state(server)
    if member.state in TAKES_PART or member.connections:
        what = f"{job.server.subject} is {member.state} in its pool, with {member.connections} connections."
        advice = "find out who put it back; clear its task drain with what follows, or abort it."
        raise Refused(what, advice, cause="still-in-service")


def _without_pool(job: Job) -> Waiting[None]:
    """There is nothing to take it out of; capacity counts all the same."""
    try:
        yield from _turn(job)
        verdict = standing.verdict_for_one(job)
        if not verdict.enough:
            raise _too_few(job, str(verdict))
        if latest(job, DOCUMENT) is None:
            keep(job, DOCUMENT, {"address": None, "was": "", "out": True})
        job.log.info("is in no pool: nothing to drain; %s", verdict)
    finally:
        job.ports.slots.give([_lock(job)], _holder(job))


def _lock(job: Job) -> str:
    return f"drain of role {job.server.role} of {job.plan.site}"


def _holder(job: Job) -> str:
    return f"{job.server.subject} of {job.run.claim}"


def _locked(job: Job) -> bool:
    return job.ports.slots.take({_lock(job): 1}, _holder(job), LOCKED)


def _turn(job: Job) -> Waiting[None]:
    """Nobody else of its role drains; from now on nobody else begins to."""
    never = Refused(
        f"{job.server.subject}: its turn to leave its pool did not come in {LONGEST_TURN / 3600:g} h.",
        "see what the other servers of its role that leave are waiting for, then clear this task.",
        cause="capacity-too-low",
    )
    while not _locked(job):
        yield Wait(f"its turn: one server of role {job.server.role} leaves at a time", LONGEST_TURN, never)


def _out(job: Job, server: Target) -> Waiting[None]:
    """No new connections come, and enough others serve without it: before, and counted again after."""
    inventory, within = job.ports.inventory, float(job.site.decommission.drain_seconds)
    while True:
        yield from hold.lifted(inventory, job.plan.site)
        with guard.acting(job):
            verdict = standing.verdict_for_one(job)
            if _locked(job) and _drained(job, server, verdict):
                return
        yield Wait("enough others of its role to serve", within, _too_few(job, str(verdict)), last=str(verdict))


def _drained(job: Job, server: Target, verdict: CapacityVerdict) -> bool:
    """Give it no new connections, if that leaves enough; whether that was so. Where it turns out not to be, it goes back."""
    state, former = job.ports.traffic.state(server).state, latest(job, DOCUMENT)
    ours = state is InPool.DRAINING and former is not None
    if not verdict.enough and not ours:
        return False
    was = former["was"] if ours and former else str(state)
    keep(job, DOCUMENT, {"address": server.address, "was": was, "out": False})
    job.ports.traffic.drain(server)
    after = standing.verdict_for_one(job)
    if after.enough:
        job.log.info("gets no new connections; %s", after)
        return True
    if was in (InPool.SERVING, InPool.WAITING):
        job.ports.traffic.enter(server)
    return False


def _too_few(job: Job, verdict: str) -> Refused:
    return Refused(
        f"{job.server.subject} stays in service. {verdict}",
        "bring servers of the role back into service, then clear this task.",
        cause="capacity-too-low",
    )


def _empty(job: Job, server: Target) -> Waiting[None]:
    """Its connections end by themselves. Refused: they do not; then it is back in service."""
    within = float(job.site.decommission.drain_seconds)
    stay = Refused(
        f"{job.server.subject}: its connections did not end in {within:g} s; it is back in service.",
        "clear this task to try again, at a quieter hour; or let them have longer (decommission.drain_seconds).",
        cause="connections-stay",
    )
    try:
        while left := job.ports.traffic.connections(server):
            if not _locked(job):
                job.log.warning("the lock was lost for a while: another server of the role may have begun to drain")
            yield Wait("its connections to end", within, stay, last=f"{left} connections")
    except Refused as error:
        if error.cause == stay.cause:
            with suppress(TurnupError):
                job.ports.traffic.enter(server)
        raise


def undo(job: Job) -> Waiting[None]:
    """As it was in its pool before this run took it out: where it served, it serves again before this is done."""
    server, was = target(job), (latest(job, DOCUMENT) or {}).get("was")
    if server is not None and was == InPool.SERVING:
        yield from traffic.into_rotation(job, server)
        job.log.info("serves again at %s", server.address)
    elif server is not None and was == InPool.WAITING:
        job.ports.traffic.enter(server)
        job.log.info("is in its pool again, as it was: its health check failed before")
