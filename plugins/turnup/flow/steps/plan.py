"""plan: decide everything, or refuse with every problem; keep the plan and its diff with the run."""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.diff import diff
from turnup.domain.errors import Refused, RefusedPlan
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Policy, Site
from turnup.domain.servers import Snapshot
from turnup.flow.documents import dump, load
from turnup.flow.rows import Planner
from turnup.ports import Ports, Records

NAME = "plan.json"
PARTS = "planned_again"
SITE = "site.json"
"""The site's policy at that moment: a file that is changed while a run goes on changes the next run."""


def make(ports: Ports, snapshot: Snapshot, policy: Policy, request: Request, planner: Planner = plan) -> Plan:
    """The run's plan: made at the first call, the same ever after. RefusedPlan: it cannot be made."""
    if is_made(ports.records):
        return kept(ports.records)
    made = planner(snapshot, policy, request)
    if not isinstance(made, Plan):
        raise RefusedPlan(made)
    obeyed = settled(made)
    ports.records.write(SITE, dump(Site, policy.site))
    ports.records.write(NAME, obeyed.canonical())
    ports.records.write("plan.txt", diff(obeyed).encode())
    return obeyed


def settled(made: Plan) -> Plan:
    """The plan as it is when it was written and read: 100 becomes 100.0, and hashes are of what later steps read."""
    return load(Plan, made.canonical(), NAME)


def is_made(records: Records) -> bool:
    """Whether this run has a plan."""
    return records.read(NAME) is not None


def first(records: Records) -> Plan:
    """The plan as it was made at the beginning of this run."""
    content = records.read(NAME)
    if content is None:
        raise Refused("This run has no plan.", "read the log of its task plan, then start a new run.", cause="plan-missing")
    return load(Plan, content, NAME)


def kept(records: Records) -> Plan:
    """The plan that this run obeys: the first one, with the parts that were planned again since."""
    plan = first(records)
    return replace(plan, servers=tuple(_parts(records, one)[-1] for one in plan.servers)) if records.names(PARTS) else plan


def replace_part(records: Records, part: ServerPlan) -> None:
    """From now on the run obeys this part for its server."""
    folder = f"{PARTS}/{part.name}"
    number = len(records.names(folder)) + 1
    records.write(f"{folder}/{number}.json", dump(ServerPlan, part))


def former_parts(records: Records, name: str) -> tuple[ServerPlan, ...]:
    """What the run obeyed for a server before it was planned again, the oldest first; empty where it never was."""
    return _parts(records, first(records).server(name))[:-1] if records.names(f"{PARTS}/{name}") else ()


def _parts(records: Records, part: ServerPlan) -> tuple[ServerPlan, ...]:
    """Every part that the server had, the one that is obeyed now last."""
    folder = f"{PARTS}/{part.name}"
    count = len(records.names(folder))
    names = [f"{folder}/{number}.json" for number in range(1, count + 1)]
    return (part, *(load(ServerPlan, records.read(name) or b"", name) for name in names))


def kept_site(records: Records) -> Site | None:
    """The site's policy that this run was planned under; None before there is a plan."""
    content = records.read(SITE)
    return load(Site, content, SITE) if content is not None else None
