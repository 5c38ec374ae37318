"""The approval gate: a person sees the plan's diff and says yes or no, bound to the plan's hash.

It stands before the first claim, so that a rejected or forgotten plan has nothing to give back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turnup.domain.diff import diff
from turnup.domain.errors import Refused, TurnupError
from turnup.flow.approval import APPROVE, keep
from turnup.flow.job import flow_log
from turnup.flow.steps import plan as plan_step
from turnup.orchestration import noticing
from turnup.orchestration.asking import answered, ask, fenced
from turnup.orchestration.operators import AtWork, failure
from turnup.orchestration.timekeeping import timed

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanApprovalOperator(AtWork):
    """Waits for somebody's yes where the plan asks for it; else it is done at once."""

    def execute(self, context: Context) -> None:
        """Show the plan and park."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            plan, limit = plan_step.first(place.records), place.site.timeouts.approval
        except TurnupError as error:
            raise failure(log, error) from None
        if not plan.approval_required:
            log.info("No approval is asked for, by policy or by parameter.")
            return
        log.info("The plan %s waits for an approval, for %d s at most.", plan.sha256[:12], limit)
        noticing.approval(place, self.task_id)
        subject = f"Install {len(plan.servers)} server(s) in rack {plan.rack}, site {plan.site}? Plan {plan.sha256[:12]}"
        ask(context, subject, fenced(diff(plan)), seconds=limit, then="decide")

    @timed
    def decide(self, context: Context, event: dict[str, Any]) -> str:
        """Keep the decision with the run; everything but a yes ends the run."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            sha256 = plan_step.first(place.records).sha256
            decision = answered(event, sha256)
            keep(place.records, decision)
            if decision.chosen != APPROVE:
                raise Refused(f"{decision.by} rejected the plan {sha256[:12]}. Nothing was changed.", cause="plan-rejected")
        except TurnupError as error:
            raise failure(log, error) from None
        log.info("%s approved the plan %s", decision.by, sha256[:12])
        return decision.chosen
