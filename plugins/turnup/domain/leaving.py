"""What leaves, of how many: a role's capacity afterwards, and the shares that caps are about. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from turnup.domain import capacity
from turnup.domain.plain_text import plain
from turnup.domain.plans import ServerPlan
from turnup.domain.policy import Site
from turnup.domain.removal_caps import IN_SERVICE, Leaving
from turnup.domain.servers import Server, Snapshot
from turnup.domain.states import Status
from turnup.domain.surveys import SiteSurvey, Standing


def verdicts(parts: Sequence[ServerPlan], seen: SiteSurvey, site: Site) -> list[capacity.CapacityVerdict]:
    """Per role, what goes on serving; what leaves in other runs already counts as gone."""
    return [
        verdict_of(role, {key_of(part) for part in parts if part.role == role}, seen, site)
        for role in sorted({part.role for part in parts})
    ]


def verdict_of(
    role: str, leaving: set[str], seen: SiteSurvey, site: Site, left: frozenset[str] = frozenset()
) -> capacity.CapacityVerdict:
    """May the servers with these keys leave the role? Of a role without a pool those serve that NetBox calls active.

    `left` are those that have left by the same run: the share is of what there was before.
    """
    ours = [one for one in seen.standing if one.status in IN_SERVICE and site.is_ours(one.role, one.tenant)]
    of_role = [one for one in ours if one.role == role]
    active = {one.key for one in of_role if one.status == Status.ACTIVE}
    serving = set(seen.serving[role]) if role in seen.serving else active
    going = {one.key for one in of_role if one.status == Status.DECOMMISSIONING}
    return capacity.judge(role, {one.key for one in of_role} | left, serving, leaving | going, site.capacity_of(role))


def key_of(part: ServerPlan) -> str:
    """By what capacity tells the server apart: its primary address, else its name."""
    present = part.management.present
    return present.split("/", maxsplit=1)[0] if present else part.name


def shares(parts: Sequence[ServerPlan], snapshot: Snapshot, seen: SiteSurvey, site: Site) -> list[tuple[str, Leaving]]:
    """What leaves of the rack, of each role and of the site; with what leaves in other runs."""
    names = {part.name for part in parts}
    ours = [one for one in seen.standing if one.status in IN_SERVICE and site.is_ours(one.role, one.tenant)]

    def of(what: str, among: Sequence[Standing | Server]) -> Leaving:
        leaving = sum(one.name in names or one.status == Status.DECOMMISSIONING for one in among)
        return Leaving(what, leaving, len(among))

    rack = [one for one in snapshot.servers if one.status in IN_SERVICE and site.is_ours(one.role, one.tenant)]
    roles = sorted({part.role for part in parts})
    return [
        ("share_of_rack", of(f"rack {plain(snapshot.rack)}", rack)),
        *(("share_of_role", of(f"role {role}", [one for one in ours if one.role == role])) for role in roles),
        ("share_of_site", of(f"site {snapshot.site}", ours)),
    ]
