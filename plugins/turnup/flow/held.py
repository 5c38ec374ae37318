"""Writes to a server that this run holds: at the version where it was seen last, which costs no look where nothing moved."""

from __future__ import annotations

from turnup.domain.errors import Conflict
from turnup.flow.job import Job
from turnup.ports import DeviceWrite


def write(job: Job, version: str, change: DeviceWrite) -> str:
    """Change the server; answers its new version. Conflict: this run does not hold it any more."""
    inventory = job.ports.inventory
    try:
        return inventory.write(job.server.id, version, change, job.message())
    except Conflict:
        now = inventory.device(job.server.id)
        if now.claim != job.run.claim:
            raise Conflict(
                f"{job.server.subject} is {now.status}, held by {now.claim or 'no run'}, not by this run.",
                "start a new run.",
                cause="claim-lost",
            ) from None
        return inventory.write(now.id, now.version, change, job.message())
