"""salt_key, dhcp, addresses: what the server had is given back. Each asks itself whether the wipe is proven, or was waived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from turnup.domain.errors import Refused, Transient
from turnup.flow import guard, hold, proofs
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import dhcp, power_off
from turnup.flow.waiting import Waiting

RELEASING = "releasing"
"""Kind of the document that says: from here on nobody puts the server back into service."""


@contextmanager
def _releasing(job: Job) -> Iterator[None]:
    """Give back within the block: every guard holds, and the proof or the waiver; from here on nobody puts the server back."""
    with guard.acting(job):
        proofs.demand(job)
        if latest(job, power_off.DOCUMENT) is None:
            what = f"{job.server.subject} was not switched off by this run."
            raise Refused(what, "clear its task power_off with what follows.", cause="proof-missing")
        keep(job, RELEASING, {"begun": True})
        yield


def salt_key(job: Job) -> Waiting[None]:
    """The master forgets every key of exactly this minion."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    salt, minion = job.ports.salt, job.server.hostname
    with _releasing(job):
        salt.delete_key(minion)
    if salt.accepted_key(minion) is not None:
        raise Transient(f"The Salt master still accepts a key of {minion}.", "see who accepts it.", cause="salt-key-stays")
    keep(job, "salt_key", {"deleted": minion})
    job.log.info("the Salt master knows no key of %s any more", minion)


def reservations(job: Job) -> Waiting[None]:
    """The DHCP server forgets its MACs, reservations and leases."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    with _releasing(job):
        dhcp.undo(job)
    keep(job, "dhcp", {"released": sorted({address.mac for address in job.server.addresses})})
    job.log.info("DHCP knows neither its NIC nor its BMC any more")


def addresses(job: Job) -> Waiting[None]:
    """Its addresses are deprecated: on no device, and given to nobody for as many days as the seal says."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    with _releasing(job):
        _retire(job)


def _retire(job: Job) -> None:
    inventory, seal = job.ports.inventory, guard.sealed(job.ports.records).seal
    wanted = {(one.interface_id, one.present) for one in job.server.addresses if one.present}
    kept = latest(job, "retired")
    if kept is None:  # once they are off the device nobody finds them there
        there = inventory.addresses_on(sorted({key for key, _ in wanted}))
        found = [one for one in there if (one.interface_id, one.cidr) in wanted]
        until = (datetime.now(UTC) + timedelta(days=seal.quarantine_days)).date().isoformat()
        kept = {"ids": [one.id for one in found], "cidrs": [one.cidr for one in found], "until": until}
        keep(job, "retired", kept)
    why = f"Free after {kept['until']}. Was {job.server.hostname}'s; released by {job.run.claim}"
    inventory.retire(job.server.id, kept["ids"], why, job.message())
    job.log.info("%s deprecated until %s", " and ".join(kept["cidrs"]) or "no address", kept["until"])
