"""wipe: a signed order for exactly the sealed drives, for this boot of this machine, carried out by the program in its image.

Before the order goes out it is kept that drives may have been wiped; after that nobody puts the server back into service. The
program takes the same order twice as once, so a restart of anything finds the work going on, or done.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from turnup.domain.errors import HardwareFault, Refused, TurnupError
from turnup.erasure.orders import Order
from turnup.flow import guard, hold, wiping
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import boot, drain, identity
from turnup.flow.waiting import Wait, Waiting
from turnup.flow.wiping import PROVE, WIPE, WIPED
from turnup.ports import Shell

LONGEST = 34 * 3600.0
"""Seconds that a server's drives may take together; each drive that shows no progress is given up long before."""

LOOK_EVERY = 5.0
LOST = "lost"
AGAIN = ("interrupted", "not-begun")
"""States of drives that the same order is given for once more."""


def do(job: Job) -> Waiting[None]:
    """Order, begin, follow until every drive has an end. What became of each is for the row prove to judge."""
    guard.demand(job)
    found = guard.sealed(job.ports.records)
    if not found.seal.wipes:
        job.log.info("nothing is wiped: the waiver was approved")
        return
    nonce = boot.nonce(job)
    lost_before = (latest(job, LOST) or {}).get("nonce") == nonce
    try:
        yield from _wipe(job, found)
    except HardwareFault as error:
        if error.cause != "server-lost":
            raise
        if not lost_before or not guard.is_begun(job):
            keep(job, LOST, {"nonce": nonce, "number": attempts(job, LOST) + 1})
            raise
        job.log.warning("is lost: what was not seen to end counts as not wiped")
        keep(job, WIPED, {"order": (latest(job, wiping.ORDER) or {}).get("sha256"), "drives": [], "lost": True})


def _wipe(job: Job, found: guard.Sealed) -> Waiting[None]:
    drain.refuse_in_service(job)
    shell = identity.shell_of(job)
    try:
        status = yield from wiping.contact(job, shell, WIPE, "status")
        current = wiping.current_order(job)
        known = wiping.status_of(status, current[0]) if current else None
        if current is None or known is None:
            order = yield from _begin(job, shell, found)
        else:
            order, signed = current
            if known["ended"] and any(one["state"] in AGAIN for one in known["drives"]):
                yield from _start(job, shell, order, signed)
        ended = yield from _follow(job, shell, order)
        keep(job, WIPED, {"order": order.sha256, "drives": ended["drives"], "lost": False})
    finally:
        shell.close()
    count = sum(one.get("state") == "ended" for one in ended["drives"])
    job.log.info("%d of %d drives ended well by their own account; now to be proven", count, len(order.drives))


def _begin(job: Job, shell: Shell, found: guard.Sealed) -> Waiting[Order]:
    """Make the order and give it to the machine."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    inventory = yield from wiping.contact(job, shell, WIPE, "inventory", number=1)
    order = wiping.new_order(job, wiping.listed(found.plan, job.run.claim), found.seal.wipe, inventory)
    signed = str((latest(job, wiping.ORDER) or {})["signed"])
    yield from _remember_blocks(job, shell, order, signed)
    yield from _start(job, shell, order, signed)
    return order


def _start(job: Job, shell: Shell, order: Order, signed: str) -> Waiting[None]:
    """Every guard is asked again, just before the order goes out."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    nonce, former = boot.nonce(job), latest(job, guard.WIPING) or {}
    since = former["since"] if former.get("begun") else nonce
    with guard.acting(job):
        drain.refuse_in_service(job)
        keep(job, guard.WIPING, {"begun": True, "order": order.sha256, "since": since})
        try:
            wiping.ask(job, shell, WIPE, "start", signed)
        except Refused:
            status = wiping.ask(job, shell, WIPE, "status")
            if since == nonce and not any(one["begun"] for each in status["orders"] for one in each["drives"]):
                keep(job, guard.WIPING, {"begun": False, "order": order.sha256, "since": since})
            raise
    job.log.info("the wipe has begun: order %s", order.sha256[:12])


def _remember_blocks(job: Job, shell: Shell, order: Order, signed: str) -> Waiting[None]:
    """Of drives that will not read as zeros: what they hold now, so that it can be compared."""
    if all(one.read_back == "zeroes" for one in order.drives):
        return
    never = HardwareFault(
        f"{job.server.subject}: its drives could not be read before the wipe.", "look at them.", cause="server-lost"
    )
    yield from wiping.contact(job, shell, PROVE, "before", signed)
    number = 1
    while True:
        status = yield from wiping.contact(job, shell, PROVE, "status", number=number)
        mine = wiping.status_of(status, order)
        if mine is not None and mine["ended"] and not status["working"]:
            return
        number += 1
        yield Wait("blocks to be read that the wipe has to change", LONGEST, never, every=LOOK_EVERY)


def _follow(job: Job, shell: Shell, order: Order) -> Waiting[dict[str, Any]]:
    """The order's status at its end."""
    never = HardwareFault(
        f"{job.server.subject}: its drives are not wiped after {LONGEST / 3600:g} h.",
        "see what they do; clear this task to wait on.",
        cause="server-lost",
    )
    number = 2
    while True:
        status = yield from wiping.contact(job, shell, WIPE, "status", number=number)
        mine = wiping.status_of(status, order)
        if mine is None:
            raise Refused(
                f"{job.server.subject} does not know its order any more: it was started anew meanwhile.",
                "clear its task reset with what follows: it is wiped again.",
                cause="wipe-refused",
            )
        if mine["ended"]:
            return dict(mine)
        number += 1
        yield Wait("its drives to be wiped", LONGEST, never, every=LOOK_EVERY, last=wiping.progress(mine))


def too_late(job: Job) -> str:
    """Why an abort comes too late; nothing where the server can be put back. Drives that were not begun are not any more."""
    if guard.is_begun(job):
        if latest(job, WIPED) is None:
            _stop(job)
        return "the wipe of its drives has begun, and nothing brings back what was on them."
    if latest(job, "releasing") is not None:
        return "its release has begun: its key, reservations or addresses are given back in part."
    return ""


def _stop(job: Job) -> None:
    with suppress(TurnupError):  # one that does not answer wipes on, or not: nobody can tell it anything
        shell = identity.shell_of(job)
        try:
            wiping.ask(job, shell, WIPE, "stop")
            job.log.info("told it to begin no further drive")
        finally:
            shell.close()
