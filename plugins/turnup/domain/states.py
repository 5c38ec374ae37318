"""A server's statuses and who may move it from one to the next. The words are NetBox's own.

The table is read by the planner, by the flows and by whoever draws the picture of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from turnup.domain.servers import Server


class Status(StrEnum):
    """NetBox's device statuses."""

    PLANNED = "planned"
    STAGED = "staged"
    ACTIVE = "active"
    FAILED = "failed"
    DECOMMISSIONING = "decommissioning"
    INVENTORY = "inventory"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Transition:
    """From one of `before` by `event` to `after`; `claimed` says whether a run holds the server afterwards."""

    before: frozenset[Status]
    event: str
    after: Status
    claimed: bool


INSTALL_CLAIMS = Transition(
    frozenset({Status.PLANNED, Status.STAGED, Status.FAILED}), "an install run claims it", Status.STAGED, claimed=True
)
INSTALL_LIVE = Transition(frozenset({Status.STAGED}), "the row `live` is done", Status.ACTIVE, claimed=True)
INSTALL_ENDS = Transition(frozenset({Status.ACTIVE}), "the last row is done", Status.ACTIVE, claimed=False)
INSTALL_FAILS = Transition(frozenset({Status.STAGED}), "a row fails for good", Status.FAILED, claimed=False)
SERVICE_FAILS = Transition(frozenset({Status.ACTIVE}), "it does not enter service", Status.ACTIVE, claimed=False)
SERVICE_RESUMES = Transition(frozenset({Status.ACTIVE}), "a run that made it live resumes", Status.ACTIVE, claimed=True)
ABORTED = Transition(frozenset({Status.STAGED, Status.FAILED}), "server_abort", Status.PLANNED, claimed=False)
ADOPT_CLAIMS = Transition(frozenset({Status.ACTIVE}), "an adoption claims it", Status.ACTIVE, claimed=True)
ADOPT_ENDS = Transition(frozenset({Status.ACTIVE}), "its adoption is recorded", Status.ACTIVE, claimed=False)
ADOPT_FAILS = Transition(frozenset({Status.ACTIVE}), "a row of its adoption fails", Status.ACTIVE, claimed=False)
CLAIM_BROKEN = Transition(frozenset({Status.ACTIVE}), "an abort breaks its claim", Status.ACTIVE, claimed=False)

DECOMMISSION_CLAIMS = Transition(
    frozenset({Status.ACTIVE}), "its decommission is approved, capacity rechecked", Status.DECOMMISSIONING, claimed=True
)
DECOMMISSION_ENDS = Transition(frozenset({Status.DECOMMISSIONING}), "wiped and proven", Status.INVENTORY, claimed=False)
DECOMMISSION_UNWIPED = Transition(
    frozenset({Status.DECOMMISSIONING}), "the wipe failed in part, or was waived by approval", Status.OFFLINE, claimed=False
)
DECOMMISSION_FAILS = Transition(
    frozenset({Status.DECOMMISSIONING}), "a row of its decommission fails", Status.DECOMMISSIONING, claimed=True
)
DECOMMISSION_ABORTED = Transition(
    frozenset({Status.DECOMMISSIONING}), "an abort before its wipe began", Status.ACTIVE, claimed=False
)


@dataclass(frozen=True)
class Way:
    """How a flow takes a server along: it claims it, and ends well or badly. A live server stays live whatever happens."""

    noun: str
    claims: Transition
    ends: Transition
    fails: Transition


WAYS = {
    "install": Way("an install", INSTALL_CLAIMS, INSTALL_ENDS, INSTALL_FAILS),
    "adopt": Way("an adoption", ADOPT_CLAIMS, ADOPT_ENDS, ADOPT_FAILS),
    "decommission": Way("a decommission", DECOMMISSION_CLAIMS, DECOMMISSION_ENDS, DECOMMISSION_FAILS),
}
"""{name of a flow: its way}."""


HELD_ADVICE = "wait for that run to end; if it has ended, break its claim with the DAG server_abort."


def why_not_claimable(server: Server, claim: str, flow: str = "install") -> str | None:
    """None where a run of the flow may claim the server (or holds it already); else the reason, for a person."""
    way = WAYS[flow]
    if server.claim == claim and server.status in way.claims.before:
        return None
    if server.claim:
        return f"is {server.status} and held by the run {server.claim}."
    if server.status not in way.claims.before:
        return f"is {server.status}; {way.noun} starts from {', '.join(sorted(way.claims.before))}."
    return None


def why_not_resumable(server: Server, claim: str) -> str | None:
    """None where the run that made the server live may hold it again, to bring it into service; else the reason."""
    if server.claim and server.claim != claim:
        return f"is {server.status} and held by the run {server.claim}."
    if server.status not in SERVICE_RESUMES.before:
        return f"is {server.status}; what is left to do starts from {', '.join(sorted(SERVICE_RESUMES.before))}."
    return None


def why_not_abortable(server: Server, *, holder_runs: bool) -> str | None:
    """None where `server_abort` may undo what a run did; else the reason. `holder_runs`: the run of its claim goes on."""
    if holder_runs:
        return f"is held by the run {server.claim}, which has not ended."
    if server.claim is None and server.status not in ABORTED.before:
        return f"is {server.status} and held by no run; an abort starts from {', '.join(sorted(ABORTED.before))}."
    if server.last_run is None and server.claim is None:
        return "was never held by a run of turnup: there is nothing to undo."
    return None
