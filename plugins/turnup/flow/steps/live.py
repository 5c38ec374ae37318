"""live: NetBox says active; the run still holds the server, until it serves."""

from __future__ import annotations

from turnup.domain.states import INSTALL_LIVE
from turnup.flow import held
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import identity
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite


def do(job: Job) -> Waiting[None]:
    """Write `active` and record the BMC's certificate, in one conditional write."""
    identity.proven_host_key(job)
    certificate = (latest(job, "bmc") or {}).get("certificate")
    change = DeviceWrite(status=INSTALL_LIVE.after, claim=job.run.claim, cause="", bmc_certificate=certificate)
    version = held.write(job, str((latest(job, "boot") or {}).get("version", "")), change)
    keep(job, "live", {"status": INSTALL_LIVE.after, "version": version})
    job.log.info("is active")
    return
    yield
