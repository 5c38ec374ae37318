"""One Salt job on one minion: submitted, then waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from turnup.domain.errors import HardwareFault
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Returned


def call(
    job: Job, function: str, arguments: Sequence[object] = (), keywords: Mapping[str, object] | None = None, *, within: float
) -> Waiting[Returned]:
    """What the job's server returned for the function, within so many seconds."""
    minion = job.server.hostname
    job_id = job.ports.salt.submit(minion, function, arguments, keywords or {})
    job.log.info("Salt job %s: %s", job_id, function)
    return (
        yield from until(
            lambda: job.ports.salt.returned(job_id, minion),
            Wait(
                f"Salt job {job_id} ({function})",
                within,
                HardwareFault(
                    f"{job.server.subject}: its minion {minion} did not return {function} (job {job_id}) in {within:g} s.",
                    "look whether the machine and salt-minion still run, then clear this task.",
                ),
            ),
        )
    )
