"""One Salt job on one minion: submitted once, then waited for, also by whoever starts the row anew."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Literal
from uuid import uuid4

from turnup.domain.errors import HardwareFault
from turnup.flow import diagnosis
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Returned

LOOKS_A_PING = 15
"""Looks for a job's return between two pings of its minion."""


def call(job: Job, label: str, function: str, keywords: Mapping[str, object], *, within: float) -> Waiting[Returned]:
    """What the job's server returned for the function, within so many seconds. `label` tells the row's jobs apart."""
    minion, job_id = job.server.hostname, _job_id(job, label, function, keywords)
    lost = HardwareFault(
        f"{job.server.subject}: its minion {minion} did not return {function} (job {job_id}) in {within:g} s.",
        "look whether the machine and salt-minion still run, then clear this task.",
        cause="salt-job-lost",
    )
    return (yield from diagnosis.explained(job, _returned(job, job_id, Wait(f"Salt job {job_id} ({label})", within, lost))))


def _returned(job: Job, job_id: str, wait: Wait) -> Waiting[Returned]:
    """What the job returned. A burn-in takes a day: a minion that died is not waited for that long.

    It is asked for a sign of life every half minute; one that gives none has as long as one that starts.
    """
    salt, minion, timeouts = job.ports.salt, job.server.hostname, job.site.timeouts
    gone = HardwareFault(
        f"{job.server.subject}: its minion {minion} has not returned the job {job_id}, and gave no sign of life for "
        f"{timeouts.minion_start:g} s.",
        "look on it whether salt-minion died, or is only kept from answering by load or the network (of several servers at once: "
        "look at the Salt master); start it again, then clear this task.",
        cause="salt-job-lost",
    )
    looks = count(1)

    def returned_or_silent() -> Returned | Literal["silent"] | None:
        if returned := salt.returned(job_id, minion):
            return returned
        return "silent" if next(looks) % LOOKS_A_PING == 0 and not salt.is_up(minion) else None

    while True:
        found = yield from until(returned_or_silent, wait)
        if isinstance(found, Returned):
            return found
        back = Wait(f"a sign of life of the minion {minion}", timeouts.minion_start, gone, occasion=uuid4().hex)
        yield from until(lambda: salt.returned(job_id, minion) or salt.is_up(minion) or None, back)


def _job_id(job: Job, label: str, function: str, keywords: Mapping[str, object]) -> str:
    """The job's id: of the one that runs already where the row was begun before on this start of the machine, else a new one.

    A triggerer that restarts would else put a second burn-in beside the first. A failure ends an attempt: after it all is new.
    """
    kind = f"salt_jobs-{job.step}-{label}"
    attempt = {"start": (latest(job, "boot") or {}).get("nonce"), "failures_before": attempts(job, "failed")}
    kept = latest(job, kind)
    if kept is not None and {name: kept[name] for name in attempt} == attempt:
        job.log.info("Salt job %s (%s) was submitted before", kept["job_id"], label)
        return str(kept["job_id"])
    job_id = job.ports.salt.submit(job.server.hostname, function, (), keywords)
    keep(job, kind, {**attempt, "job_id": job_id})
    job.log.info("Salt job %s (%s): %s", job_id, label, function)
    return job_id
