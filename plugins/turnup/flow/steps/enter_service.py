"""enter_service: the live server enters its role's pool and serves; then no run holds it any more."""

from __future__ import annotations

from turnup.domain.errors import Conflict
from turnup.domain.states import INSTALL_ENDS
from turnup.flow import traffic
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite

DOCUMENT = "enter_service"


def do(job: Job) -> Waiting[None]:
    """Into rotation behind the site's load balancers, by its primary address; a role without a pool has nothing to enter.

    The run holds the server until it serves, so that nobody takes it out of service meanwhile.
    """
    if traffic.has_pool(job):
        server = traffic.target(job, addresses.management_ip(job))
        keep(job, DOCUMENT, {"address": server.address, "serves": False})
        yield from traffic.into_rotation(job, server)
        _release(job)
        keep(job, DOCUMENT, {"address": server.address, "serves": True})
        job.log.info("serves at %s in the pool %s", server.address, job.site.traffic.pools[server.role].backend)
    else:
        _release(job)
        keep(job, DOCUMENT, {"serves": False, "pool": None})
        job.log.info("its role %s has no pool at this site: nothing to enter", job.server.role)


def is_done(job: Job) -> bool:
    """Whether the row was done for this server, after whatever else happened to it."""
    kept = latest(job, DOCUMENT)
    return kept is not None and (kept["serves"] or "pool" in kept)


def _release(job: Job) -> None:
    """No run holds it; at the version that the row live left, and where that moved on, if it is still this run's."""
    inventory = job.ports.inventory
    freed = DeviceWrite(claim="", cause="")
    try:
        inventory.write(job.server.id, (latest(job, "live") or {}).get("version", ""), freed, job.message())
    except Conflict:
        now = inventory.device(job.server.id)
        if now.claim != job.run.claim or now.status not in INSTALL_ENDS.before:
            _leave(job)
            raise Conflict(
                f"{job.server.subject} is {now.status}, held by {now.claim or 'no run'}, not by this run.",
                "see who changed it in NetBox, and whether it shall serve.",
                cause="claim-lost",
            ) from None
        inventory.write(now.id, now.version, freed, job.message())


def undo(job: Job) -> None:
    """Out of the pool; a server that never began to enter is not in it."""
    if latest(job, DOCUMENT) is not None:
        _leave(job)


def _leave(job: Job) -> None:
    if traffic.has_pool(job):
        job.ports.traffic.leave(traffic.target(job, addresses.management_ip(job)))
