"""plan: decide everything, or refuse with every problem; keep the plan and its diff with the run."""

from __future__ import annotations

from turnup.domain.diff import diff
from turnup.domain.errors import Refused, RefusedPlan
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan
from turnup.domain.policy import Policy, Site
from turnup.domain.servers import Snapshot
from turnup.flow.documents import dump, load
from turnup.ports import Ports, Records

NAME = "plan.json"
SITE = "site.json"
"""The site's policy at that moment: a file that is changed while a run goes on changes the next run."""


def make(ports: Ports, snapshot: Snapshot, policy: Policy, request: Request) -> Plan:
    """The run's plan: made at the first call, the same ever after. RefusedPlan: it cannot be made."""
    if is_made(ports.records):
        return kept(ports.records)
    made = plan(snapshot, policy, request)
    if not isinstance(made, Plan):
        raise RefusedPlan(made)
    # Written, read and written again is the same, byte for byte: what is hashed is what later steps read.
    settled = load(Plan, made.canonical(), NAME)
    ports.records.write(SITE, dump(Site, policy.site))
    ports.records.write(NAME, settled.canonical())
    ports.records.write("plan.txt", diff(settled).encode())
    return settled


def is_made(records: Records) -> bool:
    """Whether this run has a plan."""
    return records.read(NAME) is not None


def kept(records: Records) -> Plan:
    """The plan that this run was given."""
    content = records.read(NAME)
    if content is None:
        raise Refused("This run has no plan.", "read the log of its task plan, then start a new run.", cause="plan-missing")
    return load(Plan, content, NAME)


def kept_site(records: Records) -> Site | None:
    """The site's policy that this run was planned under; None before there is a plan."""
    content = records.read(SITE)
    return load(Site, content, SITE) if content is not None else None
