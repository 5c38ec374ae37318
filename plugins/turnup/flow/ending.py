"""How a server's part of a run ends badly: status, cause and boot script are put right before anybody reads about it."""

from __future__ import annotations

from turnup.domain.errors import TurnupError, as_document
from turnup.domain.states import WAYS, Status
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.ports import DeviceWrite


def fail(job: Job, error: TurnupError) -> None:
    """Write the cause, release the claim, so that anyone may plan again, and mark the server `failed`.

    A server that leaves stays `decommissioning` and held: nobody else may begin anything with it before that is settled.
    The status of a server that is live, before the run or by it, is not touched, nor is one that a person gave it meanwhile: a
    row that refused because of it would find it gone when it is cleared. A server that this run does not hold is left as it is:
    its status and its boot script are somebody else's business.
    """
    keep(job, "failed", {"step": job.step, **as_document(error)})
    now = job.ports.inventory.device(job.server.id)
    if now.claim != job.run.claim:
        return
    fails = WAYS[job.plan.flow].fails
    after = fails.after
    if after is not Status.ACTIVE:
        job.ports.boot_files.remove(job.server.management.mac)
    certificate = (latest(job, "bmc") or {}).get("certificate")
    cause = f"{job.step}: {error} (run {job.run.claim})"
    ours = now.status in fails.before and after is not Status.ACTIVE
    status, claim = after if ours else None, None if fails.claimed else ""
    change = DeviceWrite(status=status, claim=claim, cause=cause, bmc_certificate=certificate)
    job.ports.inventory.write(now.id, now.version, change, job.message())
