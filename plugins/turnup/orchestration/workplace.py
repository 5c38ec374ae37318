"""Everything a run works with, gathered from Airflow's connections, the policy files and the report store.

Used in workers and, in threads, in the triggerer. Adapters are imported when they are needed: DAG files import this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from turnup.domain.policy import Policy
from turnup.flow.job import Job, RackJob, Run
from turnup.flow.steps import plan as plan_step
from turnup.orchestration import settings
from turnup.ports import Ports

if TYPE_CHECKING:
    from turnup.domain.plans import Plan


@dataclass(frozen=True)
class Workplace:
    """One run at one site."""

    run: Run
    site: str

    @cached_property
    def policy(self) -> Policy:
        """The site's policy and the hardware generations. Refused: unknown site, or a policy file that is wrong."""
        from turnup.adapters.policy_files import load_policy

        return load_policy(settings.inventory_folder(), self.site)

    @cached_property
    def ports(self) -> Ports:
        """The site's services, as its policy names their connections."""
        from turnup.orchestration.connections import ports

        return ports(self.policy.site, self.run)

    @cached_property
    def plan(self) -> Plan:
        """The plan that this run was given."""
        return plan_step.kept(self.ports.records)

    def job(self, step: str, server: str) -> Job:
        """One server's work at one step."""
        return Job(self.run, step, self.plan, self.plan.server(server), self.policy.site, self.ports)

    def rack_job(self, step: str, names: tuple[str, ...]) -> RackJob:
        """A rack-wide step's work for the named servers, in the plan's order."""
        servers = tuple(server for server in self.plan.servers if server.name in names)
        return RackJob(self.run, step, self.plan, servers, self.policy.site, self.ports)
