"""A plan as a person reads it before saying yes: what changes on which server, what stays, under which hash."""

from __future__ import annotations

from turnup.domain.plans import Plan


def diff(plan: Plan) -> str:
    """The plan as plain text, one block a server."""
    lines = [f"Plan {plan.sha256[:12]}: {plan.flow} of {len(plan.servers)} server(s) in rack {plan.rack}, site {plan.site}"]
    for server in plan.servers:
        lines += ["", f"  {server.subject}, {server.generation}, role {server.role}"]
        lines += [f"    {change.field}: {change.before} -> {change.after}" for change in server.changes]
        lines += [
            f"    host name and minion id: {server.hostname}",
            f"    {server.management.interface} {server.management.mac}, {server.management.prefix}",
            f"    {server.out_of_band.interface} {server.out_of_band.mac}, {server.out_of_band.prefix}",
            f"    boots {server.image}; states {', '.join(server.states)}; burn-in {server.burn_in_profile}"
            f" ({', '.join(f'{test.test} {test.seconds} s' for test in server.burn_in)})",
        ]
    if plan.left_alone:
        lines += ["", "  left alone:"]
        lines += [f"    {server.name} {server.why}" for server in plan.left_alone]
    return "\n".join(lines)
