"""A plan as a person reads it before saying yes: what changes on which server, what stays, under which hash."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.seal_text import seal_text


def diff(plan: Plan) -> str:
    """The plan as plain text, one block a server; a seal says more of what is destroyed."""
    if plan.seal is not None:
        return seal_text(plan)
    lines = [f"Plan {plan.sha256[:12]}: {plan.flow} of {len(plan.servers)} server(s) in rack {plan.rack}, site {plan.site}"]
    for server in plan.servers:
        lines += ["", part_diff(server)]
    if plan.left_alone:
        lines += ["", "  left alone:"]
        lines += [f"    {server.name} {server.why}" for server in plan.left_alone]
    return "\n".join(lines)


def part_diff(server: ServerPlan) -> str:
    """One server's part, as one block."""
    lines = [f"  {server.subject}, {server.generation}, role {server.role}"]
    lines += [f"    {change.field}: {change.before} -> {change.after}" for change in server.changes]
    lines += [
        f"    host name and minion id: {server.hostname}",
        f"    {server.management.interface} {server.management.mac}, "
        f"{' and '.join(address.prefix for address in server.on_management)}",
        f"    {server.out_of_band.interface} {server.out_of_band.mac}, {server.out_of_band.prefix}",
        *_others(server),
        *_work(server),
    ]
    return "\n".join(lines)


def _work(server: ServerPlan) -> Iterator[str]:
    """What the machine is made to do; a live one that is adopted is only looked at."""
    if not server.image:
        yield "    is looked at; nothing on it is changed"
        return
    tests = ", ".join(f"{test.test} {test.seconds} s" for test in server.burn_in)
    yield f"    boots {server.image}; states {', '.join(server.states)}; burn-in {server.burn_in_profile} ({tests})"
    if server.pool:
        yield f"    serves in the pool {server.pool}"


def _others(server: ServerPlan) -> Iterator[str]:
    """The NICs that get no address and are known by their MACs."""
    if others := [mac for mac in server.macs if mac != server.management.mac]:
        yield f"    further NICs, checked by MAC: {', '.join(others)}"
