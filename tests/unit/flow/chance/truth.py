"""What was really sealed and really decided, kept beside turnup by whoever looked on, and judged without turnup's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil

from tests.unit.flow.chance.site import ChanceSite
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.servers import Server
from turnup.fakes.acceptance import FakeDrive
from turnup.flow.approval import Decision

IN_SERVICE = ("active", "decommissioning")


@dataclass
class Truth:
    """One run's seal as it was made, which drives it meant, and every answer that was given about it."""

    plan: Plan
    sha256: str
    policy: Policy
    asked_by: tuple[str, ...]
    drives: dict[str, list[FakeDrive]]
    decided: list[Decision] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def part(self, name: str) -> ServerPlan | None:
        """The part of the server that was called so in the beginning."""
        return next((one for one in self.plan.servers if f"a{one.id}" == name), None)

    def why_not_approved(self, name: str, *, begun: bool) -> str:
        """Why what was answered does not allow to act on the server now; nothing where it does."""
        people = self.policy.site.decommission
        gates = {"approval": people.approvers}
        if len(self.plan.servers) > people.caps.servers_per_run:
            gates["second_approval"] = people.second_approvers
        said: list[str] = []
        for gate, allowed in gates.items():
            about = [one for one in self.decided if (one.plan_sha256, one.gate) == (self.sha256, gate)]
            last = max(about, key=lambda one: one.at, default=None)
            age = datetime.now(UTC) - datetime.fromisoformat(last.at) if last else timedelta(0)
            if last is None or last.chosen != "Approve":
                return f"{gate}: nobody said yes last"
            if last.by.lower() in {one.lower() for one in self.asked_by} or last.by not in allowed:
                return f"{gate}: {last.by} may not"
            if not timedelta(minutes=-10) < age < timedelta(hours=120 if begun else 24, minutes=1):
                return f"{gate}: it is of {last.at}"
            said.append(last.by.lower())
        return "" if len(set(said)) == len(said) else f"{said[0]} said yes twice"

    def why_not_now(self, site: ChanceSite, name: str, claim: str) -> str:
        """Why NetBox, as it is at this moment, does not let the run act on the server; `claim` may be nobody's yet."""
        part = self.part(name)
        if part is None:
            return "it is not sealed"
        if name in self.done:
            return "the run is done with it"
        if part.id not in {one.id for one in site.inventory.rack_servers(self.plan.rack_id)}:
            return "it is not in its rack"
        now = site.inventory.device(part.id)
        wanted = ("decommissioning", claim) if claim else ("active", None)
        if (now.status, now.claim) != wanted:
            return f"it is {now.status}, held by {now.claim}"
        if not claim and part.sealed is not None and now.last_run != part.sealed.former_run:
            return f"it was held by {now.last_run} since it was sealed"
        was, last = as_sealed(part), (now.name, now.serial, now.asset_tag, now.role, now.position)
        return "" if was == last and now.tenant is None else f"it was {was}, and is {last}"


def as_sealed(part: ServerPlan) -> tuple[object, ...]:
    """What a person would know it by."""
    return part.name, part.serial, part.asset_tag, part.role, part.position


def too_few(site: ChanceSite, truth: Truth) -> str:
    """Why too few of the role serve at this moment; nothing where they are enough."""
    serving = {one.address for one in site.traffic.serving("edge")}
    every = {_key(one) for one in site.inventory.site_servers("here") if _is_ours(one)}
    sealed = {(one.management.present or one.name).split("/")[0] for one in truth.plan.servers if one.role == "edge"}
    policy = truth.policy.site.capacity["edge"]
    needed = max(policy.at_least, ceil(round(policy.at_least_share * len(every | serving | sealed), 6)))
    return "" if len(serving) >= needed else f"{len(serving)} serve, {needed} are needed"


def _key(server: Server) -> str:
    return server.primary_ip4.ip if server.primary_ip4 else server.name


def _is_ours(server: Server) -> bool:
    return server.role == "edge" and server.tenant is None and server.status in IN_SERVICE
