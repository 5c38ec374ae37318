"""Which devices of a rack an install takes, which it leaves alone, and which stand in its way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from turnup.domain.errors import Problem
from turnup.domain.plain_text import plain
from turnup.domain.plans import LeftAlone
from turnup.domain.policy import Site
from turnup.domain.servers import Server, Snapshot
from turnup.domain.states import HELD_ADVICE, Status, why_not_claimable


@dataclass
class Choice:
    """The rack's devices, sorted. Who was not asked for by name and is not turnup's is left alone, whatever is wrong with it."""

    chosen: list[Server] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    held: list[Problem] = field(default_factory=list)


def choose(snapshot: Snapshot, site: Site, claim: str, names: Sequence[str]) -> Choice:
    """Sort the devices of these names, or all of the rack's where there are none, in the order of its units."""
    choice = Choice()
    there = {server.name for server in snapshot.servers}
    for name in dict.fromkeys(names):
        if name not in there:
            where = f"rack {plain(snapshot.rack)} of site {snapshot.site}"
            choice.problems.append(Problem(plain(name), f"is not in {where}.", "check the name and the rack in NetBox."))
    for server in sorted(snapshot.servers, key=lambda one: (one.position is None, one.position or 0, one.name)):
        if not names:
            _take(choice, server, site, claim)
        elif server.name in names:
            _take_named(choice, server, site, claim)
    if not choice.chosen and not choice.problems:
        choice.problems += choice.held
    if not snapshot.servers:
        advice = "add them, or check the name of the rack."
        choice.problems.append(Problem(plain(snapshot.rack), "has no servers in NetBox.", advice))
    return choice


def called(server: Server) -> str:
    """How a plan names a device, whatever its name is like."""
    return plain(server.name) or "a device without a name"


def _take(choice: Choice, server: Server, site: Site, claim: str) -> None:
    """Of the whole rack: what is turnup's and may be claimed."""
    why_not = site.why_another_owner(server.tenant)
    if why_not is None and server.role not in site.states:
        why_not = f"has the role {server.role!r}, not turnup's here."
    if why_not is None and (why_not := why_not_claimable(server, claim)) is None:
        choice.chosen.append(server)
        return
    if server.claim and site.is_ours(server.role, server.tenant):
        choice.held.append(Problem(called(server), why_not, _advice(server)))
    choice.left_alone.append(LeftAlone(called(server), why_not))


def _take_named(choice: Choice, server: Server, site: Site, claim: str) -> None:
    """Asked for by name: what may not be claimed stands in the way, unless it is active already."""
    if owner := site.why_another_owner(server.tenant):
        advice = f"if turnup is to install its servers, add it to tenants in inventory/sites/{site.site}.yaml."
        choice.problems.append(Problem(called(server), owner, advice))
        return
    why_not = why_not_claimable(server, claim)
    if why_not is None:
        choice.chosen.append(server)
    elif server.status == Status.ACTIVE:
        choice.left_alone.append(LeftAlone(called(server), why_not))
    else:
        choice.problems.append(Problem(called(server), why_not, _advice(server)))


def _advice(server: Server) -> str:
    """What to do about a server that an install may not claim."""
    if server.claim:
        return HELD_ADVICE
    return "set its status to planned in NetBox if it really is to be installed."
