"""A server in and out of its role's pool: how rows name it there, and how it is waited for."""

from __future__ import annotations

from contextlib import suppress

from turnup.domain.errors import Refused, Transient, TurnupError
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import InPool, Target


def has_pool(job: Job) -> bool:
    """Whether the server's role has a pool at its site."""
    return job.server.role in job.site.traffic.pools


def target(job: Job, address: str) -> Target:
    """The job's server at its primary address (without prefix length), as load balancers are told of it."""
    return Target(job.server.role, job.server.hostname, address)


def into_rotation(job: Job, server: Target) -> Waiting[None]:
    """Enter it, again and again until it serves. Refused: it did not in time, and is out of the pool again."""
    traffic, within = job.ports.traffic, job.site.timeouts.enter_service
    backend = job.site.traffic.pools[server.role].backend

    def serves() -> bool:
        traffic.enter(server)
        membership = traffic.state(server)
        if membership.state is not InPool.SERVING:
            raise Transient(membership.said or f"it is {membership.state}", cause="traffic-unavailable")
        return True

    late = Refused(
        f"{job.server.subject} is active and does not serve: its health check in the pool {backend} did not pass in {within} s.",
        "look at the service on it, and whether the load balancer reaches it; then clear this task.",
        cause="not-in-service",
    )
    try:
        yield from until(serves, Wait(f"its health check in the pool {backend}", within, late))
    except Refused as error:
        if error.cause == late.cause:
            with suppress(TurnupError):  # a load balancer that is away has it drained at most: it gets nothing there either
                traffic.leave(server)
        raise
