"""Which servers of a rack are adopted, and what has to be in NetBox for that. Pure.

A server that was live before turnup came has to be as an install would have left it: known by serial number and MACs, with the
addresses that it really has. So it is planned as for an install, and what an install would do to it is taken out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from turnup.domain.choice import called
from turnup.domain.errors import Problem
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Change, LeftAlone, Plan, PlannedAddress, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.servers import Address, Server, Snapshot
from turnup.domain.states import HELD_ADVICE, Status, why_not_claimable

ADOPT_VERSION = 1
"""Of the adopt flow's rows."""


def adoption(snapshot: Snapshot, policy: Policy, request: Request) -> Plan | tuple[Problem, ...]:
    """Make the plan, or say everything that stands in its way. A plan without servers means: nothing to do."""
    chosen, left_alone, problems = _choose(snapshot, policy, request)
    there = {server.name for server in snapshot.servers}
    names = (*(server.name for server in chosen), *(name for name in request.servers if name not in there))
    ids = {server.id for server in chosen}
    as_new = tuple(
        replace(server, status=Status.PLANNED, claim=None) if server.id in ids else server for server in snapshot.servers
    )
    # No names would mean the whole rack; none is chosen, so none is planned.
    made = plan(replace(snapshot, servers=as_new if names else ()), policy, replace(request, servers=names))
    parts: tuple[ServerPlan, ...] = ()
    if isinstance(made, Plan):
        parts = made.servers
    elif names:
        problems += made
    servers = {server.id: server for server in chosen}
    problems += [problem for part in parts for problem in _unknown_addresses(part, servers[part.id])]
    if problems:
        return tuple(problems)
    return Plan(
        site=snapshot.site,
        rack=snapshot.rack,
        rack_id=snapshot.rack_id,
        rack_status=snapshot.rack_status,
        servers=tuple(_only_looked_at(part, servers[part.id], request.claim) for part in parts),
        left_alone=tuple(left_alone),
        approval_required=request.approval_required or policy.site.approval_required,
        flow="adopt",
        flow_version=ADOPT_VERSION,
    )


def _choose(snapshot: Snapshot, policy: Policy, request: Request) -> tuple[list[Server], list[LeftAlone], list[Problem]]:
    """Of the whole rack: what is live, turnup's and not known yet; of servers that were named: those, known or not."""
    chosen: list[Server] = []
    left_alone: list[LeftAlone] = []
    problems: list[Problem] = []
    for server in snapshot.servers:
        named = server.name in request.servers
        if request.servers and not named:
            continue
        why_not = why_not_claimable(server, request.claim, "adopt")
        if why_not is not None and named:
            advice = HELD_ADVICE if server.claim else "install it, or set its status to active in NetBox if it is live."
            problems.append(Problem(called(server), why_not, advice))
            continue
        if why_not is None and not named:
            why_not = _why_not_of_the_rack(server, policy)
        if why_not is None:
            chosen.append(server)
        else:
            left_alone.append(LeftAlone(called(server), why_not))
    return chosen, left_alone, problems


def _why_not_of_the_rack(server: Server, policy: Policy) -> str | None:
    """Why a live server is left alone that nobody named."""
    if not policy.site.is_ours(server.role, server.tenant):
        return policy.site.why_another_owner(server.tenant) or f"has the role {server.role!r}, not turnup's here."
    if server.last_run and server.bmc_certificate:
        return f"is known to turnup by the run {server.last_run}."
    return None


def _unknown_addresses(part: ServerPlan, server: Server) -> Iterator[Problem]:
    """The addresses that a live server has and NetBox does not know: none is ever picked for it."""
    primary = server.primary_ip4 if part.management.version == 4 else server.primary_ip6
    yield from _unknown(server, part.management, primary, f"primary IPv{part.management.version}")
    yield from _unknown(server, part.out_of_band, server.oob_ip, "out-of-band IP")


def _unknown(server: Server, planned: PlannedAddress, now: Address | None, field: str) -> Iterator[Problem]:
    if planned.present is None:
        what = f"is active, and NetBox has no address of {planned.prefix} on its {planned.interface}."
        yield Problem(called(server), what, f"enter the address that it has there, and make it the device's {field}.")
    elif now is None or now.cidr != planned.present:
        what = f"has {planned.present} on {planned.interface}, and as {field} {now.cidr if now else 'none'}."
        yield Problem(called(server), what, f"look which is right, and make that the device's {field}.")


def _only_looked_at(part: ServerPlan, server: Server, claim: str) -> ServerPlan:
    """The server's part without what an install would do to it."""
    changes = [Change("turnup_last_run", server.last_run or "none", claim)]
    if server.bmc_certificate is None:
        changes.append(Change("turnup_bmc_certificate", "none", "the BMC's, at first use"))
    return replace(
        part,
        status=server.status,
        image="",
        kernel_arguments="",
        states=(),
        pillar={},
        burn_in_profile="",
        burn_in=(),
        changes=tuple(changes),
        further=tuple(address for address in part.further if address.present),
    )
