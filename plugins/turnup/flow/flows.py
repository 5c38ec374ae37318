"""Every flow by its name, and the rows that a plan was made for."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.domain.plans import Plan
from turnup.flow.adopt import ADOPT
from turnup.flow.decommission import DECOMMISSION
from turnup.flow.install import INSTALL
from turnup.flow.rows import Flow

FLOWS = {flow.name: flow for flow in (INSTALL, ADOPT, DECOMMISSION)}


def flow_of(plan: Plan) -> Flow:
    """The flow that the plan was made for, whatever its version. Refused: this turnup has none of that name."""
    if plan.flow in FLOWS:
        return FLOWS[plan.flow]
    what = f"This run was planned for the flow {plan.flow}, and turnup has no such flow now."
    raise Refused(what, "finish or abort it with the version of turnup that planned it.", cause="flow-version")


def rows_for(plan: Plan) -> Flow:
    """The flow whose rows a run with this plan does. Refused: the plan was made for other rows than this turnup has.

    Whoever does a row asks here first. Undoing and marking failed do not: they have to work for a plan of any version.
    """
    flow = flow_of(plan)
    if flow.version != plan.flow_version:
        planned = f"This run was planned for version {plan.flow_version} of the flow {plan.flow}"
        raise Refused(
            f"{planned}, and turnup has version {flow.version} now.",
            "it was upgraded meanwhile: abort this run's servers that are not done (DAG server_abort), then start a new run.",
            cause="flow-version",
        )
    return flow
