"""Who of a site serves at this moment, and whether a role can lose servers: asked anew each time somebody wants to act on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from turnup.domain.capacity import CapacityVerdict
from turnup.domain.leaving import key_of, verdict_of
from turnup.domain.plans import ServerPlan
from turnup.domain.policy import Site
from turnup.domain.servers import Server
from turnup.domain.states import DECOMMISSION_CLAIMS, Status
from turnup.domain.surveys import SiteSurvey, Standing
from turnup.flow.job import Job
from turnup.ports import Ports


def look(ports: Ports, site: Site, roles: Iterable[str]) -> SiteSurvey:
    """Every device of the site, and who really serves of these roles, as far as they have a pool."""
    standing = tuple(_standing(server, site) for server in ports.inventory.site_servers(site.site))
    pools = sorted(set(roles) & set(site.traffic.pools))
    serving = {role: tuple(one.address for one in ports.traffic.serving(role)) for role in pools}
    return SiteSurvey(at=datetime.now(UTC).isoformat(timespec="seconds"), standing=standing, serving=serving)


def verdict(job: Job, leaving: Collection[ServerPlan]) -> CapacityVerdict:
    """May these servers of the job's role leave now? Who is leaving in this or another run, and serves yet, counts as gone."""
    seen = look(job.ports, job.site, [job.server.role])
    return verdict_of(job.server.role, {key_of(part) for part in leaving}, seen, job.site, _of_this_run(job))


def verdict_for_one(job: Job) -> CapacityVerdict:
    """May this one server stop serving at this moment? Those that leave after it serve yet, and have their own turn.

    Of a role without a pool nobody is seen to serve: there a server counts as gone as soon as a run has claimed it.
    """
    seen = look(job.ports, job.site, [job.server.role])
    if job.server.role in seen.serving:
        waiting = tuple(_as_active(one) for one in seen.standing)
        seen = SiteSurvey(at=seen.at, standing=waiting, serving=seen.serving)
    return verdict_of(job.server.role, {key_of(job.server)}, seen, job.site, _of_this_run(job))


def _of_this_run(job: Job) -> frozenset[str]:
    return frozenset(key_of(part) for part in job.plan.servers if part.role == job.server.role)


def _as_active(one: Standing) -> Standing:
    leaves = one.status == DECOMMISSION_CLAIMS.after
    return Standing(one.key, one.name, one.role, one.tenant, Status.ACTIVE if leaves else one.status)


def _standing(server: Server, site: Site) -> Standing:
    """By its primary address of the family that turnup reaches it at."""
    primary = server.primary_ip4 if 4 in site.families else server.primary_ip6
    key = primary.ip if primary else server.name
    return Standing(key, server.name, server.role, server.tenant, server.status, server.leaving_since)
