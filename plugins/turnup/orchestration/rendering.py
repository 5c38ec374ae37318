"""A flow's rows as the tasks of a DAG: rack-wide ones in a line, then one mapped group with an index a server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, task_group

from turnup.flow.guard import FIRST, SECOND
from turnup.flow.rows import Flow
from turnup.orchestration.abort import AbortCheckOperator, AbortFinishOperator, UndoOperator
from turnup.orchestration.approval import PlanApprovalOperator
from turnup.orchestration.auditing import AuditApprovalOperator, AuditOperator, FixOperator
from turnup.orchestration.leaving import SealApprovalOperator, SealOperator, SurveyOperator
from turnup.orchestration.operators import FinishOperator, PlanOperator, RackRowOperator, ServerRowOperator, SnapshotOperator
from turnup.orchestration.preflight import PreflightOperator

RETRIES: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(seconds=10), "retry_exponential_backoff": True}
"""For what comes and goes: a worker that dies, a service that restarts. What a person has to mend is not tried again."""

QUICK = timedelta(minutes=15)
"""A task in a worker that takes longer hangs."""

LONGEST = timedelta(hours=36)
"""A row's own waits end it long before; this ends one that hangs."""


def render(flow: Flow) -> None:
    """Make the flow's tasks in the DAG of the context."""
    planned, last = _sealed(flow) if flow.leaves else _planned(flow)
    after = planned.task_id
    for row in flow.rack_rows:
        task = RackRowOperator(task_id=row.name, doc=row.title, row=row.name, after=after, execution_timeout=QUICK, **RETRIES)
        last >> task
        last, after = task, task.task_id

    @task_group(group_id="server", prefix_group_id=False)
    def one_server(server: str) -> None:
        before = None
        for row in flow.server_rows:
            task = ServerRowOperator(
                task_id=row.name,
                doc=row.title,
                row=row.name,
                server=server,
                after=after,
                execution_timeout=LONGEST,
                **RETRIES,
            )
            if before is not None:
                before >> task
            before = task

    finish = FinishOperator(
        task_id=flow.closing_row.name,
        doc=flow.closing_row.title,
        row=flow.closing_row.name,
        after=None,
        planned=planned.task_id,
        trigger_rule="all_done",
        execution_timeout=QUICK,
        **RETRIES,
    )
    servers = one_server.expand(server=planned.output)
    last >> servers >> finish


def _planned(flow: Flow) -> tuple[PlanOperator, BaseOperator]:
    """Snapshot, plan and approval: the plan's task, and the last of them."""
    planned = PlanOperator(task_id="plan", flow=flow.name, preflight="preflight", execution_timeout=QUICK, **RETRIES)
    SnapshotOperator(task_id="snapshot", execution_timeout=QUICK, **RETRIES) >> planned
    if flow.preflight:
        doc = "of a dry run: could it be done now?"
        planned >> PreflightOperator(task_id="preflight", doc=doc, execution_timeout=QUICK, **RETRIES)
    approved = PlanApprovalOperator(task_id="approval", doc="somebody says yes, where that is asked for", **RETRIES)
    planned >> approved
    return planned, approved


def _sealed(flow: Flow) -> tuple[PlanOperator, BaseOperator]:
    """Snapshot, survey, seal and both approvals of servers that leave: the seal's task, and the last of them."""
    seen = SnapshotOperator(task_id="snapshot", doc="read the rack from NetBox", execution_timeout=QUICK, **RETRIES)
    asked = SurveyOperator(task_id="survey", doc="ask each server who it is and what it does", execution_timeout=QUICK, **RETRIES)
    sealed = SealOperator(task_id="seal", doc="fix what may be touched", flow=flow.name, execution_timeout=QUICK, **RETRIES)
    first = SealApprovalOperator(task_id=FIRST, doc="somebody says yes to exactly what is sealed", **RETRIES)
    second = SealApprovalOperator(task_id=SECOND, doc="somebody else does, where a cap is exceeded", **RETRIES)
    seen >> asked >> sealed >> first >> second
    return sealed, second


def render_abort() -> None:
    """Make the tasks of `server_abort` in the DAG of the context."""
    checked = AbortCheckOperator(task_id="check", execution_timeout=QUICK, **RETRIES)
    undone = UndoOperator.partial(
        task_id="undo", map_index_template="{{ task.server }}", execution_timeout=QUICK, **RETRIES
    ).expand(server=checked.output)
    undone >> AbortFinishOperator(task_id="finish", trigger_rule="all_done", execution_timeout=QUICK, **RETRIES)


def render_audit() -> None:
    """Make the tasks of `fleet_audit` in the DAG of the context. A fix that failed is looked at by a person, not tried again."""
    audited = AuditOperator(task_id="audit", doc="look at everything, change nothing", execution_timeout=QUICK)
    asked = AuditApprovalOperator(task_id="approval", doc="somebody says yes to safe fixes, where that is asked for")
    audited >> asked >> FixOperator(task_id="fix", doc="apply what was named or approved", execution_timeout=QUICK)
