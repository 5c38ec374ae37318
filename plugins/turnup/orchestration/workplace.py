"""Everything a run works with, gathered from Airflow's connections, the policy files and the report store.

Used in workers and, in threads, in the triggerer. Adapters are imported when they are needed: DAG files import this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from turnup.domain.plans import Plan
from turnup.domain.policy import Policy, Site
from turnup.flow.job import Job, RackJob, Run
from turnup.flow.steps import plan as plan_step
from turnup.orchestration import settings
from turnup.ports import Ports, Records


@dataclass(frozen=True)
class Workplace:
    """One run at one site."""

    run: Run
    site_name: str

    @cached_property
    def records(self) -> Records:
        """The run's folder in the report store."""
        return self.records_of(self.run)

    def records_of(self, run: Run) -> Records:
        """Any run's folder in the report store."""
        from turnup.adapters.report_store import RunRecords

        return RunRecords(settings.report_store(), run.dag_id, run.run_id)

    @cached_property
    def policy(self) -> Policy:
        """The policy files as they are now: what a plan is made from. Refused: unknown site, or a file that is wrong."""
        from turnup.adapters.policy_files import load_policy

        return load_policy(settings.inventory_folder(), self.site_name)

    @cached_property
    def site(self) -> Site:
        """The site's policy: the one that the run was planned under, once it was planned."""
        return plan_step.kept_site(self.records) or self.policy.site

    @cached_property
    def ports(self) -> Ports:
        """The site's services, as its policy names their connections."""
        from turnup.orchestration.connections import ports

        return ports(self.site, self.records)

    @cached_property
    def plan(self) -> Plan:
        """The plan that this run was given."""
        return plan_step.kept(self.records)

    def job(self, step: str, server: str) -> Job:
        """One server's work at one step."""
        return Job(self.run, step, self.plan, self.plan.server(server), self.site, self.ports)

    def rack_job(self, step: str, names: tuple[str, ...]) -> RackJob:
        """A rack-wide step's work for the named servers, in the plan's order."""
        servers = tuple(server for server in self.plan.servers if server.name in names)
        return RackJob(self.run, step, self.plan, servers, self.site, self.ports)

    def start(self, dag_id: str, run_id: str, conf: dict[str, str], at: datetime) -> None:
        """Start a run of another DAG, not before that time; nothing where Airflow has that id. A worker may, a triggerer not."""
        from airflow.sdk.execution_time.comms import TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf, run_after=at))
