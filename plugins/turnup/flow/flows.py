"""Every flow by its name, and the rows that a plan was made for."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.domain.plans import Plan
from turnup.flow.adopt import ADOPT
from turnup.flow.decommission import DECOMMISSION
from turnup.flow.install import INSTALL
from turnup.flow.rows import Flow

FLOWS = {flow.name: flow for flow in (INSTALL, ADOPT, DECOMMISSION)}


def rows_for(plan: Plan) -> Flow:
    """The flow whose rows a run with this plan does. Refused: the plan was made for other rows than this turnup has.

    Whoever does a row asks here first. Undoing and marking failed do not: they have to work for a plan of any version.
    """
    flow = FLOWS.get(plan.flow)
    if flow is None or flow.version != plan.flow_version:
        here = f"has version {flow.version}" if flow else "has no such flow"
        raise Refused(
            f"This run was planned for version {plan.flow_version} of the flow {plan.flow}, and turnup {here} now.",
            "it was upgraded meanwhile: abort this run's servers that are not done (DAG server_abort), then start a new run.",
            cause="flow-version",
        )
    return flow
