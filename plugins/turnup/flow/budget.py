"""A plan that nobody asked for by hand is not made while the error budget of one of its generations is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from turnup.domain.error_budget import Budget
from turnup.domain.errors import Problem, Refused
from turnup.domain.planner import Request
from turnup.domain.plans import Plan
from turnup.domain.policy import Policy
from turnup.domain.servers import Snapshot
from turnup.flow.rows import Planner


def within(budgets: Callable[[], Sequence[Budget]], plans: Planner) -> Planner:
    """The planner, which refuses a plan with servers of a generation whose budget is spent. Nothing is kept of such a plan."""

    def planner(snapshot: Snapshot, policy: Policy, request: Request) -> Plan | tuple[Problem, ...]:
        made = plans(snapshot, policy, request)
        if isinstance(made, Plan) and made.servers:
            _refuse(made, budgets())
        return made

    return planner


def _refuse(plan: Plan, budgets: Sequence[Budget]) -> None:
    generations = {server.generation for server in plan.servers}
    spent = [budget for budget in budgets if budget.is_spent and budget.generation in generations]
    if spent:
        listed = "\n".join(f"  - {budget}" for budget in spent)
        raise Refused(
            f"No run starts here by itself: too many servers failed, the error budget is spent. Nothing was changed.\n{listed}",
            f"mend and resume those servers, which gives the budget back; or start {plan.flow} of rack {plan.rack} yourself, in "
            "Airflow: a person may go on.",
            cause="error-budget-spent",
        )
