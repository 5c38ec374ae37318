"""What a person decided, kept with the run and bound to the hash of what was shown: the plan, or a server's new part of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from turnup.domain.errors import Refused
from turnup.domain.plans import ServerPlan
from turnup.flow.job import Job, RackJob
from turnup.flow.steps import plan as plan_step
from turnup.ports import Records

FOLDER = "approval"
APPROVE, REJECT = "Approve", "Reject"


@dataclass(frozen=True)
class Decision:
    """Who chose what, when (ISO 8601), about the plan, or the part of a plan, with which hash, asked by which task."""

    chosen: str
    by: str
    at: str
    plan_sha256: str
    gate: str = "approval"


def keep(records: Records, decision: Decision) -> None:
    """Copy the decision into the run's folder; a hash that is asked about again has one more."""
    folder = f"{FOLDER}/{decision.plan_sha256}"
    number = len(records.names(folder)) + 1
    records.write(f"{folder}/{number}.json", json.dumps(asdict(decision), sort_keys=True).encode())


def decisions(records: Records) -> tuple[Decision, ...]:
    """All that was decided in this run, the oldest first."""
    contents = (records.read(name) for name in records.names(FOLDER))
    return tuple(sorted((Decision(**json.loads(content)) for content in contents if content), key=lambda one: one.at))


def last(records: Records, sha256: str, gate: str = "approval") -> Decision | None:
    """The last decision about exactly this hash at this gate."""
    about = [one for one in decisions(records) if (one.plan_sha256, one.gate) == (sha256, gate)]
    return about[-1] if about else None


def is_approved(records: Records, sha256: str) -> bool:
    """Whether the last decision about exactly this hash is a yes."""
    decided = last(records, sha256)
    return decided is not None and decided.chosen == APPROVE


def demand(job: RackJob) -> None:
    """Refuse to go on where an approval is asked for and there is none for exactly this plan and these servers' parts.

    A task that somebody marked successful by hand leaves no decision, so it opens nothing.
    """
    if not job.plan.approval_required:
        return
    records = job.ports.records
    plan = plan_step.first(records)
    if not is_approved(records, plan.sha256):
        raise Refused(
            f"The plan {plan.sha256[:12]} needs an approval and has none.",
            "clear the task approval of this run and let it be answered.",
            cause="approval-missing",
        )
    for part in job.servers:
        if part != plan.server(part.name) and not is_approved(records, part.sha256):
            raise Refused(
                f"{part.subject} was planned again ({part.sha256[:12]}); that needs an approval and has none.",
                "clear the server's failed task and let it be answered.",
                cause="approval-missing",
            )


def is_asked_for(job: Job, part: ServerPlan) -> bool:
    """Whether somebody has to say yes to this new part of a server before it is obeyed."""
    return job.plan.approval_required and not is_approved(job.ports.records, part.sha256)
