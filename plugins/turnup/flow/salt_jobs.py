"""One Salt job on one minion: submitted once, then waited for, also by whoever starts the row anew."""

from __future__ import annotations

from collections.abc import Mapping

from turnup.domain.errors import HardwareFault
from turnup.flow import diagnosis
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Returned


def call(job: Job, label: str, function: str, keywords: Mapping[str, object], *, within: float) -> Waiting[Returned]:
    """What the job's server returned for the function, within so many seconds. `label` tells the row's jobs apart."""
    minion, job_id = job.server.hostname, _job_id(job, label, function, keywords)
    lost = HardwareFault(
        f"{job.server.subject}: its minion {minion} did not return {function} (job {job_id}) in {within:g} s.",
        "look whether the machine and salt-minion still run, then clear this task.",
        cause="salt-job-lost",
    )
    returns = until(lambda: job.ports.salt.returned(job_id, minion), Wait(f"Salt job {job_id} ({label})", within, lost))
    return (yield from diagnosis.explained(job, returns))


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
