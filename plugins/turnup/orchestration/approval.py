"""The approval gate: Airflow's human-in-the-loop, showing the plan's diff, bound to the plan's hash.

It stands before the first claim, so that a rejected or forgotten plan has nothing to give back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator

from turnup.domain.diff import diff
from turnup.domain.errors import Refused, TurnupError
from turnup.flow.approval import APPROVE, REJECT, Decision, keep
from turnup.flow.job import flow_log
from turnup.orchestration.operators import AtWork, failure

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanApprovalOperator(AtWork, HITLOperator):
    """Waits for somebody's yes where the plan asks for it; else it is done at once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(subject="Approve the plan", options=[APPROVE, REJECT], **kwargs)

    def execute(self, context: Context) -> Any:
        """Show the plan and park, without a worker and without the triggerer."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            plan, limit = place.plan, place.site.timeouts.approval
        except TurnupError as error:
            raise failure(log, error) from None
        if not plan.approval_required:
            log.info("No approval is asked for, by policy or by parameter.")
            return None
        self.subject = f"Install {len(plan.servers)} server(s) in rack {plan.rack}, site {plan.site}? Plan {plan.sha256[:12]}"
        self.body = f"Plan `{plan.sha256}`\n\n{fenced(diff(plan))}"
        self.response_timeout = timedelta(seconds=limit)
        log.info("The plan %s waits for an approval, for %d s at most.", plan.sha256[:12], limit)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Keep the decision with the run; everything but a yes ends the run."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        if "error" in event:
            raise failure(
                log,
                Refused(
                    "Nobody answered in time, and that means no. Nothing was changed.",
                    "start a new run.",
                    cause="nobody-answered",
                ),
            )
        (chosen,) = event["chosen_options"] or [REJECT]
        user = event.get("responded_by_user") or {}
        by = str(user.get("name") or user.get("id") or "unknown") if isinstance(user, dict) else str(user)
        try:
            plan = place.plan
            keep(place.records, Decision(chosen, by, str(event["responded_at"]), plan.sha256))
        except TurnupError as error:
            raise failure(log, error) from None
        if chosen != APPROVE:
            raise failure(log, Refused(f"{by} rejected the plan {plan.sha256[:12]}. Nothing was changed.", cause="plan-rejected"))
        log.info("%s approved the plan %s", by, plan.sha256[:12])
        return chosen


def fenced(text: str) -> str:
    """The text as a Markdown code block that no text in it can end."""
    return "\n".join(f"    {line}" for line in text.splitlines())
