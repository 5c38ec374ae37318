"""What a step gets: the run, the plan, the server, the site's policy and the ports. Nothing else reaches it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Site
from turnup.ports import Ports


@dataclass(frozen=True)
class Run:
    """One DAG run. `url` is where a person sees it, `report` where what it did can be read."""

    dag_id: str
    run_id: str
    url: str = ""
    report: str = ""

    @property
    def claim(self) -> str:
        """How NetBox's `turnup_claim` names this run."""
        return f"{self.dag_id}/{self.run_id}"


class FlowLog(logging.LoggerAdapter[logging.Logger]):
    """Says on every line which server, step and run it is about, so that one line in a log of thousands stands for itself.

    The run comes last: its id is long, and the message is what a person reads.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """`server step: message  [run]`; a rack-wide step's lines have no server. Names never become part of a format."""
        names = self.extra or {}
        text = str(msg) % args if args else str(msg)
        where = " ".join(str(name) for name in (names["server"], names["step"]) if name)
        self.logger.log(level, "%s: %s  [%s]", where, text, names["run"], **kwargs)


def flow_log(run: Run, step: str, server: str = "") -> FlowLog:
    """The log of one step of a run, of one server where it is one server's."""
    return FlowLog(logging.getLogger("turnup.flow"), {"run": run.run_id, "step": step, "server": server})


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
