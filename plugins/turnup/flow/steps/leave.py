"""netbox: the server has left: `inventory` where every sealed drive is proven to be wiped, else `offline`, with a tag."""

from __future__ import annotations

from collections.abc import Sequence

from turnup.domain.errors import Refused
from turnup.domain.seals import UNWIPED_TAG
from turnup.domain.states import DECOMMISSION_ENDS, DECOMMISSION_UNWIPED
from turnup.flow import guard, hold, proofs
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.proofs import Result
from turnup.flow.steps import power_off
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite

DOCUMENT = "left"


def do(job: Job) -> Waiting[None]:
    """Status, tag and cause, and no claim any more, in one conditional write."""
    if _has_left(job):
        job.log.info("has left already")
        return
    guard.demand(job)
    proofs.demand(job)
    for row, kind in (("salt_key", "salt_key"), ("dhcp", "dhcp"), ("addresses", "retired")):
        if latest(job, kind) is None:
            what = f"{job.server.subject}: the row {row} was not done by this run."
            raise Refused(what, f"clear its task {row} with what follows.", cause="proof-missing")
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    with guard.acting(job) as now:
        results = proofs.demand(job)
        wiped = is_wiped(results)
        after = DECOMMISSION_ENDS.after if wiped else DECOMMISSION_UNWIPED.after
        tags = {*now.tags} - {UNWIPED_TAG} if wiped else {*now.tags, UNWIPED_TAG}
        cause = "" if wiped else f"netbox: {todo(job, results)} (run {job.run.claim})"
        keep(job, DOCUMENT, {"status": after, "wiped": wiped})
        change = DeviceWrite(status=after, claim="", cause=cause, tags=tuple(sorted(tags)))
        job.ports.inventory.write(now.id, now.version, change, job.message())
    keep(job, guard.CLOSED, {"why": f"it left as {after}"})
    job.log.info("has left as %s", after)


def _has_left(job: Job) -> bool:
    """Whether a former try of this row got through, and nobody has done anything with the server since."""
    kept = latest(job, DOCUMENT)
    if kept is None:
        return False
    now = guard.in_its_rack(job.ports.inventory, job.plan, job.server)
    if (now.status, now.claim, now.last_run) != (kept["status"], None, job.run.claim):
        return False
    keep(job, guard.CLOSED, {"why": f"it left as {now.status}"})
    return True


def is_wiped(results: Sequence[Result]) -> bool:
    """Whether every sealed drive is proven to be wiped. No drives prove nothing."""
    return bool(results) and all(one.wiped for one in results)


def todo(job: Job, results: Sequence[Result]) -> str:
    """What a technician has to do with a server that left with data on it, or may have."""
    unplug = power_off.unplug(job)
    plug = f"Pull its plug: it was not switched off, {unplug}. " if unplug else ""
    left = pull_and_shred(job, results)
    if not left:
        return f"{plug}Its drives were not wiped, and are not known: pull and shred whatever it has."
    listed = "; ".join(f"slot {one.slot or 'unknown'}: {one.drive}, {one.why}" for one in left)
    return f"{plug}Pull and shred {len(left)} drive(s): {listed}."


def pull_and_shred(job: Job, results: Sequence[Result]) -> tuple[Result, ...]:
    """Every sealed drive that is not proven to be wiped."""
    if results:
        return tuple(one for one in results if not one.wiped)
    drives = job.server.sealed.drives if job.server.sealed else ()
    return tuple(Result(drive, "not wiped", "the wipe was waived", drive.slot) for drive in drives)
