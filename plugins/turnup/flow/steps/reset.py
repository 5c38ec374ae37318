"""reset: the server, which serves nobody any more, is booted into the image that can wipe: the only reset of a running server.

Only its own machine: the BMC at its address shows the certificate on record and the sealed serial number. Aborted, it is booted
as an install boots it, proven to be itself, and configured again.
"""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.errors import Refused, Transient, TurnupError
from turnup.flow import guard, hold
from turnup.flow.bmc_trust import trusted_bmc
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses, boot, configure, drain, identity, salt_key
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Bmc

DOCUMENT = "reset"


def do(job: Job) -> Waiting[None]:
    """Switch it off, boot the acceptance image with a nonce of its own, wait for SSH. Nothing, where nothing is wiped."""
    guard.demand(job)
    if not guard.sealed(job.ports.records).seal.wipes:
        job.log.info("nothing is wiped: the waiver was approved")
        return
    drain.refuse_in_service(job)
    wiping = accepting(job)
    bmc = yield from trusted_bmc(job)
    if boot.nonce(wiping) is None or not _is_of(wiping) or _runs_something_else(wiping):
        yield from hold.lifted(job.ports.inventory, job.plan.site)
        with guard.acting(job):
            drain.refuse_in_service(job)
            keep(job, DOCUMENT, {"begun": True})
            order_off(bmc)
        yield from switched_off(job, bmc)
    if bmc.system().power == boot.OFF:
        yield from boot.switch_on(wiping, bmc, lambda: guard.demand(job))
    yield from boot.come_up(wiping, bmc)
    boot.take_script_away(wiping)
    job.log.info("booted %s", wiping.server.image)


def order_off(bmc: Bmc) -> None:
    """Tell it to switch its server off, if that is on."""
    if bmc.system().power != boot.OFF:
        bmc.power_off()


def accepting(job: Job) -> Job:
    """The same work, with the image that can wipe."""
    if job.server.sealed is None or not job.server.sealed.image:
        what = f"{job.server.subject}: the seal names no image that could wipe it."
        raise Refused(what, guard.NEW_RUN, cause="seal-broken")
    return replace(job, server=replace(job.server, image=job.server.sealed.image))


def switched_off(job: Job, bmc: Bmc) -> Waiting[None]:
    """The server is off; the effect counts, not the answer."""
    stays_on = Transient(
        f"{job.server.subject}: the BMC took the order to switch off, and the server stays on.",
        "look at its BMC; switch it off by hand, then clear this task.",
        cause="power-stays-on",
    )
    yield from until(
        lambda: True if bmc.system().power == boot.OFF else None,
        Wait("the power to be off", job.site.timeouts.power, stays_on),
    )
    keep(job, "boot", {"nonce": None})


def _runs_something_else(job: Job) -> bool:
    """Whether what answers at its address was not booted by this run's latest start: it crashed, and booted by itself."""
    shell = job.ports.shell(addresses.management_ip(job))
    try:
        return shell.answers() and not identity.has_nonce(job, shell)
    except TurnupError:
        return False  # it is booting, or somebody else's: the row identity tells
    finally:
        shell.close()


def _is_of(job: Job) -> bool:
    """Whether this run's latest start was of the job's image."""
    return (latest(job, "boot") or {}).get("image") == job.server.image


def undo(job: Job) -> Waiting[None]:
    """The server runs as before, where this run has reset it or switched it off."""
    if not (latest(job, DOCUMENT) or {}).get("begun"):
        return
    bmc = yield from trusted_bmc(job)
    if not _is_of(job):
        boot.take_script_away(accepting(job))
        order_off(bmc)
        yield from switched_off(job, bmc)
    yield from boot.do(job)
    yield from identity.do(job)
    yield from salt_key.do(job)
    yield from configure.do(job)
    keep(job, DOCUMENT, {"begun": False})
