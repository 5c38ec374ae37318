"""May a server be switched on now? No hold covers its site, and its rack and power feeds have room for one more."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.flow import hold
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until

LONGEST = 3600.0
"""Seconds that a server waits for its turn; a rack of forty at one in ten seconds takes seven minutes."""


def turn(job: Job) -> Waiting[None]:
    """Wait until the server may be switched on; from then on it counts as starting, for the seconds that policy says."""
    yield from hold.lifted(job.ports.inventory, job.plan.site)
    limits = caps(job)
    if not limits:
        return
    listed = ", ".join(f"{limit} at once for {name}" for name, limit in limits.items())
    yield from until(
        lambda: job.ports.slots.take(limits, job.server.subject, job.site.power.seconds) or None,
        Wait(
            f"its turn to be switched on ({listed})",
            LONGEST,
            Refused(
                f"{job.server.subject}: its turn to be switched on did not come in {LONGEST:g} s ({listed}).",
                "see what else starts on the same rack and feeds, then clear this task.",
                cause="power-cap",
            ),
        ),
    )


def caps(job: Job) -> dict[str, int]:
    """{rack or feed: how many may start at once there}, as the site's policy caps them."""
    power, plan = job.site.power, job.plan
    limits: dict[str, int] = {}
    if power.at_once_per_rack is not None:
        limits[f"rack {plan.rack} of {plan.site}"] = power.at_once_per_rack
    if power.at_once_per_feed is not None:
        limits |= {f"{feed} of {plan.site}": power.at_once_per_feed for feed in job.server.feeds}
    return limits
