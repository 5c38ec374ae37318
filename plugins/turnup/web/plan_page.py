"""A plan as it is shown before somebody starts it: for the dialog as a piece of HTML, for programs as JSON.

Every text in it is data, whoever wrote it: it is escaped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from turnup.domain.diff import diff
from turnup.domain.holds import LIFTED_BY
from turnup.domain.seals import bytes_in_words
from turnup.orchestration.rehearsal import Rehearsed

TEMPLATES = Path(__file__).parent / "templates"
OPEN = 4
"""Servers of which all is shown at once; of more, each is unfolded by who reads it."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters["bytes"] = bytes_in_words


def content(found: Rehearsed) -> dict[str, Any]:
    """What programs read. `state`: `planned`, `nothing` where there is nothing to do, or `refused`."""
    plan = found.plan
    state = "refused" if plan is None else "planned" if plan.servers else "nothing"
    return {
        "state": state,
        "plan_hash": found.sha256,
        "hold": str(found.hold) if found.hold else None,
        "servers": list(plan.names) if plan else [],
        "diff": diff(plan) if plan else "",
        "changes": {
            one.name: [{"field": change.field, "before": change.before, "after": change.after} for change in one.changes]
            for one in (plan.servers if plan else ())
        },
        "left_alone": {one.name: one.why for one in plan.left_alone} if plan else {},
        "problems": [{"subject": one.subject, "what": one.what, "advice": one.advice} for one in found.problems],
        "burn_in": list(found.burn_in),
    }


def html(found: Rehearsed) -> str:
    """What people read."""
    plan = found.plan
    drives = [drive for one in (plan.servers if plan else ()) if one.sealed for drive in one.sealed.drives]
    return _ENVIRONMENT.get_template("plan.html.j2").render(
        plan=plan,
        seal=plan.seal if plan else None,
        drives=drives,
        problems=found.problems,
        hold=found.hold,
        lifted_by=LIFTED_BY,
        unfolded=plan is not None and len(plan.servers) <= OPEN,
    )
