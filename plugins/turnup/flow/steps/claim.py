"""claim: take every server for this run by a conditional write, before anything touches it."""

from __future__ import annotations

from turnup.domain.errors import Conflict, TurnupError
from turnup.domain.plans import ServerPlan
from turnup.domain.servers import Server
from turnup.domain.states import ABORTED, HELD_ADVICE, WAYS, Status, why_not_claimable, why_not_resumable
from turnup.flow import approval
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job, RackJob
from turnup.ports import DeviceWrite

CHANGED_ADVICE = "see that NetBox is right now, then clear this server's failed task: it is planned again, it alone."


class Held(Conflict):
    """Another run holds a server of this plan."""


def do(job: RackJob) -> dict[str, TurnupError]:
    """Claim in the plan's order. A server that another run holds ends the whole row, and what it claimed is given back:

    of two runs on one rack the first goes on with all of it, and the second is refused instead of sharing the rack by chance.
    """
    approval.demand(job)
    failures = changed_macs(job)
    claimed: list[ServerPlan] = []
    for server in job.servers:
        if server.name in failures:
            continue
        try:
            _claim(job.only(server))
        except Held:
            for taken in claimed:
                _give_back(job.only(taken), DeviceWrite(status=taken.status, claim="", cause=""))
            raise
        except Conflict as error:
            failures[server.name] = error
        else:
            claimed.append(server)
            job.only(server).log.info("claimed for %s", job.run.claim)
    return failures


def changed_macs(job: RackJob) -> dict[str, TurnupError]:
    """Servers whose MACs are not the planned ones any more: DHCP and boot script would go to another machine.

    Interfaces are objects of their own in NetBox: a MAC that was corrected leaves its device's version as it was.
    """
    planned = {address.interface_id: address for one in job.servers for address in (one.management, one.out_of_band)}
    now = job.ports.inventory.macs(sorted(planned))
    failures: dict[str, TurnupError] = {}
    for server in job.servers:
        for address in (server.management, server.out_of_band):
            if (mac := now.get(address.interface_id)) != address.mac:
                failures[server.name] = Conflict(
                    f"{server.subject}: {address.interface} has the MAC {mac or 'none'} in NetBox now, planned is {address.mac}.",
                    CHANGED_ADVICE,
                    cause="facts-changed",
                )
    return failures


def _claim(job: Job) -> None:
    """Claim one server. Where it moved on since the plan, look what moved: only what the plan rests on matters.

    An abort undoes what the last run did to a server: what only looks at a live one is not that run.
    """
    claims = WAYS[job.plan.flow].claims
    last_run = None if claims.after is Status.ACTIVE else job.run.claim
    wanted = DeviceWrite(status=claims.after, claim=job.run.claim, last_run=last_run)
    try:
        job.ports.inventory.write(job.server.id, job.server.version, wanted, job.message())
    except Conflict:
        now = job.ports.inventory.device(job.server.id)
        if (now.status, now.claim) == (claims.after, job.run.claim):
            return
        if now.claim and now.claim != job.run.claim:
            raise Held(
                f"{job.server.subject} is held by the run {now.claim}.",
                HELD_ADVICE,
                cause="claim-held",
            ) from None
        _refuse_changed(job, now, why_not_claimable(now, job.run.claim, job.plan.flow))
        job.ports.inventory.write(job.server.id, now.version, wanted, job.message())


def again(job: Job) -> None:
    """Hold a server that this run made live, as what is left to do to it demands. Conflict: it is not as this run left it."""
    now = job.ports.inventory.device(job.server.id)
    _refuse_changed(job, now, why_not_resumable(now, job.run.claim))
    made_live = latest(job, "live")
    if made_live is None:
        raise Conflict(
            f"{job.server.subject} is {now.status}, and this run did not make it so.", "start a new run.", cause="claim-lost"
        )
    version = job.ports.inventory.write(now.id, now.version, DeviceWrite(claim=job.run.claim), job.message())
    keep(job, "live", {**made_live, "version": version})
    job.log.info("claimed again for %s", job.run.claim)


def _refuse_changed(job: Job, now: Server, why_not: str | None) -> None:
    """Conflict where what the plan rests on is not so any more, or why it may not be claimed."""
    planned = {"name": job.server.name, "serial": job.server.serial, "role": job.server.role}
    changed = [
        f"{field} is {getattr(now, field)!r}, planned {value!r}"
        for field, value in planned.items()
        if getattr(now, field) != value
    ]
    if owner := job.site.why_another_owner(now.tenant):
        changed.append(owner)
    if why_not:
        changed.append(why_not)
    if changed:
        raise Conflict(
            f"{job.server.subject} changed in NetBox since the plan: {'; '.join(changed)}",
            CHANGED_ADVICE,
            cause="facts-changed",
        )


def undo(job: Job) -> None:
    """Give the server back as planned; a claim that is not this run's is left alone.

    The BMC's certificate was this run's discovery where none was on record: it goes too, for the machine may be sent back.
    """
    certificate = "" if job.server.bmc_certificate is None else None
    _give_back(job, DeviceWrite(status=ABORTED.after, claim="", cause="", last_run="", bmc_certificate=certificate))


def _give_back(job: Job, as_before: DeviceWrite) -> None:
    now = job.ports.inventory.device(job.server.id)
    way = WAYS[job.plan.flow]
    if now.claim in (None, job.run.claim) and now.status in (way.claims.after, way.fails.after):
        job.ports.inventory.write(now.id, now.version, as_before, job.message())
