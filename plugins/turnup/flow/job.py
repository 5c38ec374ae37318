"""What a step gets: the run, the plan, the server, the site's policy and the ports. Nothing else reaches it."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Site
from turnup.ports import Ports


@dataclass(frozen=True)
class Run:
    """One DAG run. `url` is where a person sees it."""

    dag_id: str
    run_id: str
    url: str = ""

    @property
    def claim(self) -> str:
        """How NetBox's `turnup_claim` names this run."""
        return f"{self.dag_id}/{self.run_id}"


class FlowLog(logging.LoggerAdapter[logging.Logger]):
    """Begins every line with run, step and server, so that one line in a log of thousands says what it is about."""

    def process(self, msg: object, kwargs: MutableMapping[str, Any]) -> tuple[object, MutableMapping[str, Any]]:
        """Put the names in front."""
        names = self.extra or {}
        return "[" + " ".join(f"{name}={value}" for name, value in names.items()) + f"] {msg}", kwargs


def flow_log(run: Run, step: str, server: str = "") -> FlowLog:
    """The log of one step of a run, of one server where it is one server's."""
    names = {"run": run.run_id, "step": step} | ({"server": server} if server else {})
    return FlowLog(logging.getLogger("turnup.flow"), names)


@dataclass(frozen=True)
class RackJob:
    """A rack-wide step's work: those servers of the plan that are still going on."""

    run: Run
    step: str
    plan: Plan
    servers: tuple[ServerPlan, ...]
    site: Site
    ports: Ports

    @property
    def log(self) -> FlowLog:
        """For what concerns the whole rack."""
        return flow_log(self.run, self.step)

    def message(self) -> str:
        """The changelog message of this step's writes."""
        return f"turnup {self.run.claim} {self.step}"

    def only(self, server: ServerPlan) -> Job:
        """The same step's work for one server."""
        return Job(self.run, self.step, self.plan, server, self.site, self.ports)


@dataclass(frozen=True)
class Job:
    """A per-server step's work, and every undo's."""

    run: Run
    step: str
    plan: Plan
    server: ServerPlan
    site: Site
    ports: Ports

    @property
    def log(self) -> FlowLog:
        """For what concerns this server."""
        return flow_log(self.run, self.step, self.server.name)

    def message(self) -> str:
        """The changelog message of this step's writes."""
        return f"turnup {self.run.claim} {self.step}"

    def at(self, step: str) -> Job:
        """This server's work at another step."""
        return replace(self, step=step)

    def rack_wide(self, step: str) -> RackJob:
        """A rack-wide step's work for this server alone: how a resumed server makes sure of those rows again."""
        return RackJob(self.run, step, self.plan, (self.server,), self.site, self.ports)
