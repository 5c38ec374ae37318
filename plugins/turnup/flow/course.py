"""One server's way through one row: rack-wide rows made sure of where due, then the row, tried again where that may help."""

from __future__ import annotations

from turnup.domain.errors import TurnupError, about
from turnup.flow import hold
from turnup.flow.job import Job
from turnup.flow.rows import Flow, ServerRow
from turnup.flow.steps import claim
from turnup.flow.waiting import Waiting, persistent


def course(flow: Flow, row: ServerRow, job: Job, *, resumed: bool) -> Waiting[None]:
    """Do the row for the job's server. `resumed`: a former try ended, so claim, addresses and DHCP are made sure of first;
    a server that is live already has them, and is only claimed.

    They are idempotent, and where one of them refuses, its cause shows up here, under the server's own name.
    """

    def once() -> Waiting[None]:
        yield from hold.lifted(job.ports.inventory, job.plan.site)
        if resumed and flow.is_after_live(row):
            claim.again(job)
        elif resumed:
            for rack_row in flow.rack_rows:
                failures = rack_row.do(job.rack_wide(rack_row.name))
                if failures:
                    raise failures[job.server.name]
        yield from row.do(job)

    try:
        yield from persistent(once)
    except TurnupError as error:
        raise about(job.server.subject, error) from error
