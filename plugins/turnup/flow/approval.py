"""What a person decided about a plan, kept with the run and bound to the plan's hash."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from turnup.domain.errors import Refused
from turnup.domain.plans import Plan
from turnup.ports import Records

FOLDER = "approval"
APPROVE, REJECT = "Approve", "Reject"


@dataclass(frozen=True)
class Decision:
    """Who chose what, when (ISO 8601), about the plan with which hash."""

    chosen: str
    by: str
    at: str
    plan_sha256: str


def keep(records: Records, decision: Decision) -> None:
    """Copy the decision into the run's folder; a plan that is asked about again has one more."""
    number = len(records.names(FOLDER)) + 1
    records.write(f"{FOLDER}/{number}.json", json.dumps(asdict(decision), sort_keys=True).encode())


def latest(records: Records) -> Decision | None:
    """What was decided last."""
    number = len(records.names(FOLDER))
    content = records.read(f"{FOLDER}/{number}.json") if number else None
    return Decision(**json.loads(content)) if content else None


def demand(plan: Plan, records: Records) -> None:
    """Refuse to go on where the plan needs an approval and has none for exactly this hash.

    A task that somebody marked successful by hand leaves no decision, so it opens nothing.
    """
    if not plan.approval_required:
        return
    decision = latest(records)
    if decision is None or decision.chosen != APPROVE or decision.plan_sha256 != plan.sha256:
        raise Refused(
            f"The plan {plan.sha256[:12]} needs an approval and has none.",
            "clear the task approval of this run and let it be answered.",
            cause="approval-missing",
        )
