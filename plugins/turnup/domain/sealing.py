"""seal() decides everything a decommission may touch, from NetBox, what was seen of the servers, policy and request. Pure.

It refuses with every problem at once. It never widens what was asked for: no names mean that nothing is sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from turnup.domain import leaving
from turnup.domain import sealing_checks as checks
from turnup.domain.agreement import agreed, disagreements
from turnup.domain.choice import called
from turnup.domain.errors import Problem
from turnup.domain.plain_text import plain
from turnup.domain.planner import Removal, Request, plan
from turnup.domain.plans import Change, LeftAlone, Plan, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.removal_caps import approvers, exceeded, too_few
from turnup.domain.seals import CLEAR, PURGE, Seal, SealedServer
from turnup.domain.servers import Server, Snapshot
from turnup.domain.states import (
    DECOMMISSION_CLAIMS,
    DECOMMISSION_ENDS,
    DECOMMISSION_UNWIPED,
    HELD_ADVICE,
    Status,
    why_not_claimable,
)

DECOMMISSION_VERSION = 1
"""Of the decommission flow's rows."""

ROOM = 1_000_000


def seal(snapshot: Snapshot, policy: Policy, request: Request) -> Plan | tuple[Problem, ...]:
    """The sealed plan, or everything that stands in its way."""
    asked = request.removal
    if asked is None:
        return (Problem("the run", "nobody looked at its servers.", "clear its task survey."),)
    problems = list(checks.of_request(snapshot, request.servers, asked))
    parts, unplanned = drafts(snapshot, policy, request.claim, request.servers)
    problems += unplanned
    for part in parts:
        seen = asked.seen.of(part.name)
        problems += disagreements(part, seen, snapshot.servers)
        problems += checks.not_provable(part, seen, asked.wipe)
        problems += checks.not_findable(part)
        problems += checks.of_drives(part, seen, asked.wipe)
    problems += checks.of_shared_drives(parts, asked.seen, asked.wipe)
    verdicts = leaving.verdicts(parts, asked.seen, policy.site)
    problems += [
        Problem(f"role {verdict.role}", str(verdict), "take fewer servers, or wait until more of the role serve.")
        for verdict in verdicts
        if not verdict.enough
    ]
    counts = leaving.shares(parts, snapshot, asked.seen, policy.site)
    why_second = exceeded(counts, len(parts), asked.seen.standing, asked.seen.at, policy.site.decommission.caps)
    people = approvers(policy.site.decommission, asked.requesters, two=bool(why_second))
    problems += too_few(people, policy.site.site, two=bool(why_second))
    if problems:
        return tuple(dict.fromkeys(problems))
    known = {server.id: server for server in snapshot.servers}
    stays = [one for one in snapshot.servers if one.id not in {part.id for part in parts}]
    return Plan(
        site=snapshot.site,
        rack=snapshot.rack,
        rack_id=snapshot.rack_id,
        rack_status=snapshot.rack_status,
        servers=tuple(_sealed(part, known[part.id], asked, policy) for part in parts),
        left_alone=tuple(LeftAlone(called(one), "was not asked for.") for one in stays),
        approval_required=True,
        flow="decommission",
        flow_version=DECOMMISSION_VERSION,
        seal=Seal(
            wipe=asked.wipe,
            reason=plain(asked.reason, 500),
            requesters=asked.requesters,
            approvers=people.first,
            second_approvers=people.second,
            why_second=why_second,
            capacity=tuple(str(verdict) for verdict in verdicts),
            stays=tuple(f"{called(one)} ({one.status})" for one in stays),
            at=asked.seen.at,
            valid_seconds=policy.site.timeouts.approval,
            quarantine_days=max(1, policy.site.decommission.quarantine_days),
        ),
    )


def drafts(snapshot: Snapshot, policy: Policy, claim: str, names: Sequence[str]) -> tuple[list[ServerPlan], list[Problem]]:
    """The named servers' parts before they are sealed: who they are and where they are reached; and what is wrong with others.

    A live server is planned as an install would have left it, and what an install would do to it is taken out again.
    """
    parts: list[ServerPlan] = []
    problems: list[Problem] = []
    roomy = tuple(replace(prefix, free=ROOM) for prefix in snapshot.prefixes)  # nothing is taken
    for name in dict.fromkeys(names):
        found = [server for server in snapshot.servers if server.name == name]
        why_not = next(filter(None, (why_not_claimable(server, claim, "decommission") for server in found)), None)
        if why_not is not None:
            advice = HELD_ADVICE if any(one.claim for one in found) else "only what is active leaves this way."
            problems.append(Problem(plain(name), why_not, advice))
            continue
        as_new = tuple(replace(one, status=Status.PLANNED, claim=None) if one in found else one for one in snapshot.servers)
        made = plan(replace(snapshot, servers=as_new, prefixes=roomy), policy, Request(claim, (name,)))
        if isinstance(made, Plan):
            parts += [_only_known(part, server) for part, server in zip(made.servers, found, strict=True)]
        else:
            problems += made
    parts.sort(key=lambda part: (part.position is None, part.position or 0, part.name))
    return parts, problems


def _only_known(part: ServerPlan, server: Server) -> ServerPlan:
    """The part without what an install would do; image and states stay, for a server that comes back by an abort."""
    further = tuple(address for address in part.further if address.present)
    return replace(part, status=server.status, burn_in_profile="", burn_in=(), changes=(), further=further)


def _sealed(part: ServerPlan, server: Server, asked: Removal, policy: Policy) -> ServerPlan:
    seen = asked.seen.of(part.name)
    hardware = policy.hardware_of(server.device_type)
    wiped = asked.wipe in (CLEAR, PURGE)
    after = DECOMMISSION_ENDS.after if wiped else DECOMMISSION_UNWIPED.after
    ends = f"{DECOMMISSION_CLAIMS.after}, then {after}" + (f" ({DECOMMISSION_UNWIPED.after} if a drive fails)" if wiped else "")
    changes = [Change("status", server.status, ends)]
    for field, address in (("primary_ip4", server.primary_ip4), ("primary_ip6", server.primary_ip6), ("oob_ip", server.oob_ip)):
        if address is not None:
            changes.append(Change(field, address.cidr, "none; the address is deprecated"))
    sealed = SealedServer(
        drives=tuple(sorted(seen.inside.drives, key=lambda drive: drive.identity)) if seen.inside else (),
        image=hardware.acceptance_image if hardware else "",
        has_bmc=seen.bmc is not None,
        answers=seen.inside is not None,
        host_key=seen.inside.host_key if seen.inside else None,
        former_run=server.last_run,
        tenant=server.tenant,
        proven=agreed(part, seen),
        unproven=tuple(f"{what}: {plain(why)}" for what, why in sorted(seen.unknown.items())),
    )
    return replace(part, changes=tuple(changes), sealed=sealed)
