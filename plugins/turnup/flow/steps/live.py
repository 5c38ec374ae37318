"""live: NetBox says active; the run still holds the server, until it serves."""

from __future__ import annotations

from turnup.domain.errors import Conflict
from turnup.domain.states import INSTALL_LIVE
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import identity
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite


def do(job: Job) -> Waiting[None]:
    """Write `active` and record the BMC's certificate, in one conditional write."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim != job.run.claim:
        raise Conflict(
            f"{job.server.subject} is {now.status}, held by {now.claim or 'no run'}, not by this run.",
            "start a new run.",
            cause="claim-lost",
        )
    identity.proven_host_key(job)
    certificate = (latest(job, "bmc") or {}).get("certificate")
    change = DeviceWrite(status=INSTALL_LIVE.after, cause="", bmc_certificate=certificate)
    version = job.ports.inventory.write(now.id, now.version, change, job.message())
    keep(job, "live", {"status": INSTALL_LIVE.after, "version": version})
    job.log.info("is active")
    return
    yield
