"""A resumed server whose facts changed (a board or a NIC was replaced and NetBox corrected) is planned again, it alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from turnup.domain.diff import part_diff
from turnup.domain.errors import Refused, RefusedPlan
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Change, Plan, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.replanning import changed_facts, with_former_addresses
from turnup.flow.documents import attempts, dump, keep, latest, load
from turnup.flow.job import Job
from turnup.flow.steps import plan as plan_step

INSTALL = "install"
OFFERED = "offered"


@dataclass(frozen=True)
class Proposal:
    """A server's part as it would be planned now, and the facts that changed."""

    part: ServerPlan
    changed: tuple[Change, ...]

    def __str__(self) -> str:
        facts = "\n".join(f"    {change.field}: {change.before} -> {change.after}" for change in self.changed)
        return f"{self.part.subject} changed in NetBox since it was planned:\n{facts}\n\n{part_diff(self.part)}"


def propose(job: Job, policy: Policy) -> Proposal | None:
    """The server's part planned again; None where the facts are as they were, or where the claim will say that it is not ours.

    An install alone plans again, and no server that it made live; else changed facts end the server's part.
    RefusedPlan: as NetBox is now, no plan can be made for it.
    """
    ports, before = job.ports, job.server
    if job.plan.flow != INSTALL or latest(job, "live") is not None:
        return None
    snapshot = replace(ports.inventory.snapshot(job.plan.site, job.plan.rack), dhcp_subnets=ports.dhcp.subnets())
    request = Request(claim=job.run.claim, servers=(before.name,), burn_in=before.burn_in_profile)
    made = plan(snapshot, replace(policy, site=job.site), request)
    if not isinstance(made, Plan):
        raise RefusedPlan(made)
    if not made.servers:
        return None
    after = with_former_addresses(before, plan_step.settled(made).servers[0])
    changed = changed_facts(before, after, _certificates(job))
    return Proposal(after, changed) if changed else None


def _certificates(job: Job) -> frozenset[str | None]:
    """The BMC's certificates that may be on record without a person's doing; a server that failed has the seen one there."""
    seen = (latest(job, "bmc") or {}).get("certificate")
    if seen and attempts(job, "failed"):
        return frozenset({seen})
    return frozenset({job.server.bmc_certificate, seen})


def offer(job: Job, proposal: Proposal) -> None:
    """Keep what a person is asked about, so that the answer is about exactly that."""
    keep(job, OFFERED, json.loads(dump(Proposal, proposal)))


def offered(job: Job) -> Proposal:
    """What a person was asked about last. Refused: nothing was."""
    kept = latest(job, OFFERED)
    if kept is None:
        raise Refused(f"{job.server.subject}: nothing was proposed for it.", "clear this task.", cause="approval-missing")
    return load(Proposal, json.dumps(kept).encode(), OFFERED)


def accept(job: Job, proposal: Proposal) -> None:
    """From now on the run obeys the new part. Rows take back what they did for the former one, under the claim."""
    plan_step.replace_part(job.ports.records, proposal.part)
    if any(change.field == "BMC certificate" for change in proposal.changed):
        keep(job, "bmc", {"certificate": proposal.part.bmc_certificate})
    for line in str(proposal).splitlines():
        job.log.info("%s", line)
