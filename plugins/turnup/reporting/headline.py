"""A run in one sentence: what came of it, in the words that a person would use who was there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from turnup.domain.causes import CAUSES
from turnup.flow.approval import APPROVE
from turnup.reporting.drives import to_be_shredded
from turnup.reporting.report import Cause, Check, Decision, Problem, Server, State

NAMED = 3
"""How many failed servers are named in the sentence."""

GOOD = {
    "install": ("active", "installed"),
    "adopt": ("adopted", "adopted"),
    "decommission": ("gone", "taken out"),
    "abort": ("planned again", "undone"),
    "return": ("in service again", "undone"),
}
"""{flow: what its servers are at the end, what is done to them}."""

NOUNS = {"install": "Install", "adopt": "Adoption", "decommission": "Decommission"}


@dataclass(frozen=True)
class Facts:
    """What the sentence rests on. `causes` are those of rack-wide rows that nobody mended."""

    flow: str
    planned: bool
    dry_run: bool
    going_on: bool
    servers: Sequence[Server]
    decisions: Sequence[Decision]
    problems: Sequence[Problem]
    checks: Sequence[Check]
    causes: Sequence[Cause]


def flow_of(plan: Mapping[str, Any], dag_id: str) -> str:
    """The flow's name; before there is a plan, by the DAG's."""
    return str(plan.get("flow") or dag_id.removeprefix("server_"))


def title(plan: Mapping[str, Any], params: Mapping[str, Any], dag_id: str) -> str:
    """What the run was asked to do."""
    rack, site = plan.get("rack") or params.get("rack"), plan.get("site") or params.get("site")
    flow = flow_of(plan, dag_id)
    what = NOUNS.get(flow, flow.capitalize())
    if flow == "decommission":
        what = f"{what} of {_number(len(plan.get('servers') or params.get('servers') or ()), 'server')}"
    return f"{what} of rack {rack}, site {site}" if rack else what


def of(facts: Facts) -> tuple[State, str]:
    """How the run stands, and the sentence."""
    servers, why = facts.servers, facts.causes[0].what if facts.causes else ""
    counted = _counted(servers, facts.flow)
    untouched = all(server.state is State.UNTOUCHED for server in servers)
    rejected = bool(facts.decisions) and facts.decisions[-1].chosen != APPROVE
    found = sum(check.outcome == "problem" for check in facts.checks)
    cases = (
        (facts.going_on, State.GOING_ON, f"The run goes on. {counted}"),
        (facts.problems, State.FAILED, f"The plan was refused: {_number(len(facts.problems), 'problem')}. Nothing was touched."),
        (not facts.planned, State.FAILED, f"It ended before there was a plan, nothing was touched. {why}"),
        (not servers and why, State.FAILED, why),
        (not servers, State.DONE, "There was nothing to do, and nothing was changed."),
        (facts.dry_run and found, State.FAILED, f"A dry run: {found} of {len(facts.checks)} checks found a problem."),
        (facts.dry_run, State.DONE, f"A dry run: {_would(servers, facts.flow)}. Nothing was touched."),
        (untouched and rejected, State.FAILED, f"{_last_by(facts.decisions)} rejected the plan. Nothing was changed."),
        (untouched and why, State.FAILED, f"No server was begun. {why}"),
        (all(server.state is State.DONE for server in servers), State.DONE, counted),
    )
    state, text = next(((state, text) for applies, state, text in cases if applies), (State.FAILED, counted))
    return state, text.strip()


def _counted(servers: Sequence[Server], flow: str) -> str:
    """How many are where they should be, and which are not, with their cause."""
    if not servers:
        return ""
    done, good = sum(server.state is State.DONE for server in servers), _words(flow)[0]
    if len(servers) == 1:
        text = f"{servers[0].name} is {good}." if done else f"{servers[0].name} is not {good}."
    else:
        text = f"{'All' if done == len(servers) else f'{done} of'} {len(servers)} servers are {good}."
    failed = [server for server in servers if server.state in (State.FAILED, State.STOPPED)]
    if shred := to_be_shredded(servers):
        text += f" {_number(shred, 'drive')} {'is' if shred == 1 else 'are'} not wiped, and to be pulled and shredded."
    named = "; ".join(_named(server) for server in failed[:NAMED])
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    return f"{text} {named}{more}." if named else text


def _named(server: Server) -> str:
    cause = server.open_cause
    if cause is None:
        return f"{server.name} stopped without a cause"
    known = CAUSES.get(cause.code)
    return f"{server.name} failed at {cause.row}" + (f" ({known.title[:1].lower()}{known.title[1:]})" if known else "")


def _would(servers: Sequence[Server], flow: str) -> str:
    return f"{_number(len(servers), 'server')} would be {_words(flow)[1]}"


def _words(flow: str) -> tuple[str, str]:
    return GOOD.get(flow, ("done", "worked on"))


def _last_by(decisions: Sequence[Decision]) -> str:
    return decisions[-1].by if decisions else ""


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
