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
INSTALL_ENDS = Transition(frozenset({Status.STAGED}), "the last row is done", Status.ACTIVE, claimed=False)
INSTALL_FAILS = Transition(frozenset({Status.STAGED}), "a row fails for good", Status.FAILED, claimed=False)
ABORTED = Transition(frozenset({Status.STAGED, Status.FAILED}), "server_abort", Status.PLANNED, claimed=False)


HELD_ADVICE = "wait for that run to end; if it has ended and left the claim behind, clear turnup_claim on the device in NetBox."


def why_not_claimable(server: Server, claim: str) -> str | None:
    """None where an install run may claim the server (or holds it already); else the reason, for a person."""
    if server.claim == claim and server.status in INSTALL_CLAIMS.before:
        return None
    if server.claim:
        return f"is {server.status} and held by the run {server.claim}."
    if server.status not in INSTALL_CLAIMS.before:
        return f"is {server.status}; an install starts from {', '.join(sorted(INSTALL_CLAIMS.before))}."
    return None
