"""prove: every drive is read back by a program of its own; what that shows is signed, drive by drive, whatever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from turnup.domain.errors import HardwareFault, Refused
from turnup.erasure.orders import Order
from turnup.erasure.outcomes import outcomes
from turnup.flow import guard, proofs, wiping
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import boot, identity, wipe
from turnup.flow.waiting import Wait, Waiting
from turnup.flow.wiping import PROVE


def do(job: Job) -> Waiting[None]:
    """Read back, judge, sign. A drive that is not proven does not stop the others: it is to be pulled and shredded."""
    guard.demand(job)
    if not guard.sealed(job.ports.records).seal.wipes:
        job.log.info("nothing is proven: the waiver was approved")
        return
    wiped, current = latest(job, wiping.WIPED), wiping.current_order(job)
    if wiped is None or current is None or wiped["order"] != current[0].sha256:
        raise Refused(
            f"{job.server.subject}: its drives were not wiped under its last order.",
            "clear its task wipe with what follows; if it was off since, its task reset with what follows.",
            cause="proof-missing",
        )
    order, signed = current
    read: Sequence[Any] = ()
    if not wiped["lost"]:
        read = yield from _read_back(job, order, signed)
    found = outcomes(order, wiped["drives"], read)
    guard.demand(job)
    proofs.write(job, order, found, wiped["drives"], read)
    for one in found:
        job.log.log(20 if one.wiped else 30, "drive %s: %s%s", one.serial, one.result, f", {one.why}" if one.why else "")


def _read_back(job: Job, order: Order, signed: str) -> Waiting[Sequence[Any]]:
    """What the prover says of each drive; nothing where the machine is lost for the second time."""
    nonce = boot.nonce(job)
    lost_before = (latest(job, wipe.LOST) or {}).get("nonce") == nonce
    shell = identity.shell_of(job)
    try:
        yield from wiping.contact(job, shell, PROVE, "start", signed)
        number = 1
        while True:
            status = yield from wiping.contact(job, shell, PROVE, "status", number=number)
            mine = wiping.status_of(status, order)
            if mine is not None and mine["ended"] and not status["working"]:
                return list(mine["after"])
            number += 1
            yield Wait("its drives to be read back", wipe.LONGEST, _too_long(job), every=wipe.LOOK_EVERY, last=_progress(mine))
    except HardwareFault as error:
        if error.cause != "server-lost":
            raise
        if not lost_before:
            keep(job, wipe.LOST, {"nonce": nonce, "number": attempts(job, wipe.LOST) + 1})
            raise
        job.log.warning("is lost: no drive is proven")
        return []
    finally:
        shell.close()


def _too_long(job: Job) -> HardwareFault:
    what = f"{job.server.subject}: its drives are not read back after {wipe.LONGEST / 3600:g} h."
    return HardwareFault(what, "see what they do; clear this task to begin again.", cause="server-lost")


def _progress(mine: Any) -> str:
    done = [one.get("permille") or 0 for one in (mine or {}).get("after", ())]
    return f"{sum(done) / len(done) / 10:.0f} %" if done else ""
