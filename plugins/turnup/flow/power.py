"""May a server be switched on now? No hold covers its site, and its rack and power feeds have room for one more."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from turnup.domain.errors import Refused
from turnup.domain.holds import covering
from turnup.flow import hold
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until

LONGEST = 3600.0
"""Seconds that a server waits for its turn; a rack of forty at one in ten seconds takes seven minutes."""


def turn(job: Job) -> Waiting[None]:
    """Wait until the server may be switched on; from then on it counts as starting, for the seconds that policy says.

    A hold may come while it waits for its turn: then it waits for the end of that, and for its turn once more.
    """
    limits = caps(job)
    for number in count(1):
        yield from hold.lifted(job.ports.inventory, job.plan.site)
        if not limits:
            return
        yield from _slot(job, limits, number)
        if covering(job.ports.inventory.holds(), job.plan.site) is None:
            return


def _slot(job: Job, limits: Mapping[str, int], number: int) -> Waiting[bool]:
    """It counts as starting. `number` tells its turns apart, for each has its own patience."""
    listed = ", ".join(f"{limit} at once for {name}" for name, limit in limits.items())
    late = Refused(
        f"{job.server.subject}: its turn to be switched on did not come in {LONGEST:g} s ({listed}).",
        "see what else starts on the same rack and feeds, then clear this task.",
        cause="power-cap",
    )
    again = f" (turn {number})" if number > 1 else ""
    wait = Wait(f"its turn to be switched on ({listed}){again}", LONGEST, late)
    return (yield from until(lambda: job.ports.slots.take(limits, job.server.subject, job.site.power.seconds) or None, wait))


def caps(job: Job) -> dict[str, int]:
    """{rack or feed: how many may start at once there}, as the site's policy caps them."""
    power, plan = job.site.power, job.plan
    limits: dict[str, int] = {}
    if power.at_once_per_rack is not None:
        limits[f"rack {plan.rack} of {plan.site}"] = power.at_once_per_rack
    if power.at_once_per_feed is not None:
        limits |= {f"{feed} of {plan.site}": power.at_once_per_feed for feed in job.server.feeds}
    return limits
