"""One server's way through one row: rack-wide rows made sure of where due, then the row, tried again where that may help."""

from __future__ import annotations

from typing import Any

from turnup.domain.errors import TurnupError, about
from turnup.flow import hold
from turnup.flow.documents import attempts, keep, latest
from turnup.flow.job import Job
from turnup.flow.rows import Flow, ServerRow
from turnup.flow.steps import claim
from turnup.flow.waiting import Waiting, persistent


def course(flow: Flow, row: ServerRow, job: Job, *, resumed: bool) -> Waiting[None]:
    """Do the row for the job's server. `resumed`: a former try ended, so claim, addresses and DHCP are made sure of first;
    a server that is live already has them, and is only claimed. Once after each failure: the rows that follow find it done.

    They are idempotent, and where one of them refuses, its cause shows up here, under the server's own name.
    """

    def once() -> Waiting[None]:
        yield from hold.lifted(job.ports.inventory, job.plan.site)
        if resumed and flow.is_after_live(row):
            claim.again(job)
        elif resumed and not _made_sure(job):
            for rack_row in flow.rack_rows:
                failures = rack_row.do(job.rack_wide(rack_row.name))
                if failures:
                    raise failures[job.server.name]
            keep(job, "made_sure", _as_planned(job))
        yield from row.do(job)

    try:
        yield from persistent(once)
    except TurnupError as error:
        raise about(job.server.subject, error) from error


def _made_sure(job: Job) -> bool:
    """Whether the rack-wide rows were made sure of since the last failure, and the server is this run's yet."""
    return latest(job, "made_sure") == _as_planned(job) and job.ports.inventory.device(job.server.id).claim == job.run.claim


def _as_planned(job: Job) -> dict[str, Any]:
    """What the rack-wide rows are made sure of for: a server that was planned again is another one to them."""
    ports = [job.server.management.mac, job.server.out_of_band.mac]
    return {"failures_before": attempts(job, "failed"), "serial": job.server.serial, "macs": ports}
