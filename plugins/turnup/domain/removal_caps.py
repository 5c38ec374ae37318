"""How many servers may leave on one person's word, and who that person can be. Pure.

A site's policy may ask for more than turnup itself does, never for less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from turnup.domain.errors import Problem
from turnup.domain.policy import Decommission, RemovalCaps
from turnup.domain.states import Status
from turnup.domain.surveys import Standing

CEILING = RemovalCaps(servers_per_run=40, share_of_rack=1.0, share_of_role=0.5, share_of_site=0.5, per_day=80)
"""Above any of these a second approver is needed whatever a site's policy says."""

DAY = timedelta(hours=24)
IN_SERVICE = (Status.ACTIVE, Status.DECOMMISSIONING)
"""A server that leaves counts as the role's until it is gone."""


@dataclass(frozen=True)
class Leaving:
    """How many leave, of how many: `of` names what they are counted in."""

    of: str
    leaving: int
    every: int


def exceeded(
    counts: Sequence[tuple[str, Leaving]], asked: int, standing: Sequence[Standing], at: str, policy: RemovalCaps
) -> tuple[str, ...]:
    """Why a second approver is needed, in words; empty where one is enough.

    `counts` are (name of a share's cap, what it counts), `asked` the servers of this run, `standing` the site's, `at` the time.
    """
    why: list[str] = []
    most = min(policy.servers_per_run, CEILING.servers_per_run)
    if asked > most:
        why.append(f"{asked} servers in one run; {most} is the most for one approver")
    for cap, count in counts:
        share = min(float(getattr(policy, cap)), float(getattr(CEILING, cap)))
        if count.leaving > share * count.every:
            why.append(f"{count.leaving} of {count.every} servers of {count.of} leave; {share:.0%} is the most for one approver")
    today = asked + sum(1 for one in standing if one.leaving_since and _is_recent(one.leaving_since, at))
    daily = min(policy.per_day, CEILING.per_day)
    if today > daily:
        why.append(f"{today} servers of the site leave within a day; {daily} is the most for one approver")
    return tuple(why)


def _is_recent(since: str, at: str) -> bool:
    """Whether it began to leave within a day; what cannot be read counts as now."""
    try:
        return datetime.fromisoformat(at) - datetime.fromisoformat(since) < DAY
    except (ValueError, TypeError):
        return True


@dataclass(frozen=True)
class Approvers:
    """Who may answer: the first time, and the second, where that is needed. Nobody who asked is among them."""

    first: tuple[str, ...]
    second: tuple[str, ...]


def approvers(policy: Decommission, requesters: Sequence[str], *, two: bool) -> Approvers:
    """Those of the policy that did not ask for it. Names that differ in upper and lower case alone are one person's."""
    asked = {name.casefold() for name in requesters}
    first = tuple(name for name in policy.approvers if name.casefold() not in asked)
    second = tuple(name for name in policy.second_approvers if name.casefold() not in asked) if two else ()
    return Approvers(first, second)


def too_few(found: Approvers, site: str, *, two: bool) -> Iterator[Problem]:
    """The problem of a run that nobody could approve, or not twice."""
    advice = f"add people to decommission in inventory/sites/{site}.yaml."
    if not found.first:
        yield Problem(f"site {site}", "nobody may approve this: who asked for it cannot, and there is no other approver.", advice)
    elif two and not any(one.casefold() != other.casefold() for one in found.first for other in found.second):
        what = "it needs two different approvers, and who asked for it can be neither; there are not enough people."
        yield Problem(f"site {site}", what, advice.replace("people", "second_approvers"))
