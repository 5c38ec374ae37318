"""plan: decide everything, or refuse with every problem; keep the plan and its diff with the run."""

from __future__ import annotations

from turnup.domain.diff import diff
from turnup.domain.errors import RefusedPlan
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan
from turnup.domain.policy import Policy
from turnup.domain.servers import Snapshot
from turnup.flow.documents import load
from turnup.ports import Ports, Records

NAME = "plan.json"


def make(ports: Ports, snapshot: Snapshot, policy: Policy, request: Request) -> Plan:
    """The run's plan: made at the first call, the same ever after. RefusedPlan: it cannot be made."""
    if ports.records.read(NAME) is not None:
        return kept(ports.records)
    made = plan(snapshot, policy, request)
    if not isinstance(made, Plan):
        raise RefusedPlan(made)
    # Written, read and written again is the same, byte for byte: what is hashed is what later steps read.
    settled = load(Plan, made.canonical(), NAME)
    ports.records.write(NAME, settled.canonical())
    ports.records.write("plan.txt", diff(settled).encode())
    return settled


def kept(records: Records) -> Plan:
    """The plan that this run was given."""
    content = records.read(NAME)
    if content is None:
        raise RefusedPlan(())
    return load(Plan, content, NAME)
