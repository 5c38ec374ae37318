"""power_off: the server is off before anything of it is given back; only after its wipe is proven, or was waived by approval."""

from __future__ import annotations

from turnup.domain.errors import HardwareFault, TurnupError
from turnup.flow import guard, hold, proofs
from turnup.flow.bmc_trust import trusted_bmc
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses, drain, reset
from turnup.flow.waiting import Waiting

DOCUMENT = "power_off"


def do(job: Job) -> Waiting[None]:
    """Switch it off by its BMC. Where nothing reaches it, that is kept and said: somebody has to pull its plug."""
    guard.demand(job)
    proofs.demand(job)
    drain.refuse_in_service(job)
    if job.server.sealed is None or not job.server.sealed.has_bmc:
        _give_up(job, "its BMC could not be asked when it was sealed")
        return
    try:
        bmc = yield from trusted_bmc(job)
    except HardwareFault as error:
        if error.cause != "bmc-silent" or not _is_silent_again(job):
            raise
        _give_up(job, "neither its BMC nor its system answers any more")
        return
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    with guard.acting(job):
        drain.refuse_in_service(job)
        proofs.demand(job)
        if not guard.sealed(job.ports.records).seal.wipes:
            keep(job, reset.DOCUMENT, {"begun": True})  # an abort switches it on again
        if (server := drain.target(job)) is not None:
            job.ports.traffic.leave(server)
        reset.order_off(bmc)
    yield from reset.switched_off(job, bmc)
    keep(job, DOCUMENT, {"off": True, "why": ""})
    job.log.info("is off")


def _is_silent_again(job: Job) -> bool:
    """Whether its BMC was silent in a former try too, and nothing answers at its own address either."""
    before = attempts(job, "bmc_silent")
    keep(job, "bmc_silent", {"number": before + 1})
    if not before:
        return False
    shell = job.ports.shell(addresses.management_ip(job))
    try:
        return not shell.answers()
    except TurnupError:
        return False  # something answers
    finally:
        shell.close()


def _give_up(job: Job, why: str) -> None:
    keep(job, DOCUMENT, {"off": False, "why": why})
    job.log.warning("was not switched off: %s. Pull its plug.", why)


def unplug(job: Job) -> str:
    """Why somebody has to pull its plug; nothing where it is off."""
    kept = latest(job, DOCUMENT)
    return str(kept["why"]) if kept is not None and not kept["off"] else ""
