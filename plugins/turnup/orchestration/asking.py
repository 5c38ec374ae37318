"""How a task asks a person and takes the answer: Airflow's human-in-the-loop, without a worker and without the triggerer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.execution_time.hitl import HITLUser, upsert_hitl_detail

from turnup.domain.errors import Refused
from turnup.flow.approval import APPROVE, REJECT, Decision

if TYPE_CHECKING:
    from airflow.sdk import Context


def ask(context: Context, subject: str, body: str, *, seconds: float, then: str, assigned: Sequence[str] = ()) -> NoReturn:
    """Park the task until somebody has chosen; its method `then` gets the answer, or that nobody gave one in time.

    `body` is Markdown. Where people are `assigned`, Airflow takes nobody else's answer; it knows them by the ids of its auth
    manager, which are their user names with most of them.
    """
    people = [HITLUser(id=name, name=name) for name in assigned]
    upsert_hitl_detail(
        ti_id=context["ti"].id, options=[APPROVE, REJECT], subject=subject, body=body, params={}, assigned_users=people
    )
    raise TaskAwaitingInput(method_name=then, timeout=timedelta(seconds=seconds))


def answered(event: dict[str, Any], sha256: str) -> Decision:
    """What was decided about the plan, or part, with this hash. Refused: nobody answered in time."""
    if "error" in event:
        raise Refused(
            "Nobody answered in time, and that means no. Nothing was changed.", "start a new run.", cause="nobody-answered"
        )
    (chosen,) = event["chosen_options"] or [REJECT]
    user = event.get("responded_by_user") or {}
    by = str(user.get("name") or user.get("id") or "unknown") if isinstance(user, dict) else str(user)
    return Decision(chosen, by, str(event["responded_at"]), sha256)


def fenced(text: str) -> str:
    """The text as a Markdown code block that no text in it can end."""
    return "\n".join(f"    {line}" for line in text.splitlines())
