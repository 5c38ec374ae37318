"""plan() decides everything an install does to a rack, from what NetBox says and what policy wants. Pure.

It refuses with every problem at once: an engineer fixes NetBox in one go, not in eight rounds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from turnup.domain.addressing import not_enough_addresses, planned_address
from turnup.domain.errors import Problem
from turnup.domain.plans import Change, LeftAlone, Plan, PlannedAddress, ServerPlan
from turnup.domain.policy import BurnInTest, Hardware, Policy
from turnup.domain.servers import Server, Snapshot
from turnup.domain.states import HELD_ADVICE, INSTALL_CLAIMS, INSTALL_ENDS, Status, why_not_claimable

HOSTNAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""A fully qualified host name (RFC 1123, lower case): what DNS, DHCP and a Salt minion id can all bear."""


LONGEST_BURN_IN = 30
"""Hours that a profile's tests may take together; a row is ended after 36."""


@dataclass(frozen=True)
class Request:
    """What was asked for. No `servers` means every server of the rack that may be claimed; `claim` names the run.

    `approval_required` can ask for more than the site's policy does, never for less.
    """

    claim: str
    servers: tuple[str, ...] = ()
    burn_in: str = ""
    approval_required: bool = False


def plan(snapshot: Snapshot, policy: Policy, request: Request) -> Plan | tuple[Problem, ...]:
    """Make the plan, or say everything that stands in its way. A plan without servers means: nothing to do."""
    chosen, left_alone, problems = _choose(snapshot, policy, request)
    parts: list[ServerPlan] = []
    for server in chosen:
        part = _plan_server(server, snapshot, policy, request)
        if isinstance(part, ServerPlan):
            parts.append(part)
        else:
            problems += part
    problems += not_enough_addresses(parts, snapshot)
    problems += _same_hostname(parts)
    if problems:
        return tuple(problems)
    return Plan(
        site=snapshot.site,
        rack=snapshot.rack,
        rack_id=snapshot.rack_id,
        rack_status=snapshot.rack_status,
        servers=tuple(parts),
        left_alone=tuple(left_alone),
        approval_required=request.approval_required or policy.site.approval_required,
    )


def _choose(snapshot: Snapshot, policy: Policy, request: Request) -> tuple[list[Server], list[LeftAlone], list[Problem]]:
    """Sort the rack's devices into those to install, those left alone, and problems."""
    chosen: list[Server] = []
    left_alone: list[LeftAlone] = []
    problems: list[Problem] = []
    names = Counter(server.name for server in snapshot.servers)
    for name in dict.fromkeys(request.servers):
        if not names[name]:
            where = f"rack {snapshot.rack} of site {snapshot.site}"
            problems.append(Problem(name, f"is not in {where}.", "check the name and the rack in NetBox."))
    held: list[Problem] = []
    for server in sorted(snapshot.servers, key=lambda one: (one.position is None, one.position or 0, one.name)):
        asked_for = server.name in request.servers
        if request.servers and not asked_for:
            continue
        if not asked_for and server.role not in policy.site.states:
            left_alone.append(
                LeftAlone(server.name or "a device without a name", f"has the role {server.role!r}, not turnup's here.")
            )
            continue
        why_not = why_not_claimable(server, request.claim)
        if why_not is None:
            chosen.append(server)
            continue
        if asked_for and server.status != Status.ACTIVE:
            problems.append(Problem(server.name, why_not, _advice(server)))
        elif server.claim and not asked_for:
            held.append(Problem(server.name, why_not, _advice(server)))
        left_alone.append(LeftAlone(server.name, why_not))
    if not chosen and not problems:
        problems += held
    if not snapshot.servers:
        problems.append(Problem(snapshot.rack, "has no servers in NetBox.", "add them, or check the name of the rack."))
    doubled = {one.name for one in chosen if names[one.name] > 1}
    problems += [Problem(name, f"is the name of {names[name]} devices in this rack.", "rename one.") for name in sorted(doubled)]
    return chosen, left_alone, problems


def _advice(server: Server) -> str:
    """What to do about a server that an install may not claim."""
    if server.claim:
        return HELD_ADVICE
    return "set its status to planned in NetBox if it really is to be installed."


def _plan_server(server: Server, snapshot: Snapshot, policy: Policy, request: Request) -> ServerPlan | list[Problem]:
    """One server's part of the plan, or everything that is wrong with it."""
    if not server.name:
        at = "no position" if server.position is None else f"U{server.position:g}"
        return [Problem(f"The device with id {server.id} ({at})", "has no name.", "name it in NetBox.")]
    problems = list(_identity_problems(server, snapshot))
    hostname = f"{server.name}.{policy.site.domain}".lower()
    if not HOSTNAME.fullmatch(hostname):
        problems.append(
            Problem(
                server.name, f"gives the host name {hostname!r}, which DNS does not allow.", "rename the device: a-z, 0-9, -."
            )
        )
    states = policy.site.states.get(server.role)
    if states is None:
        known = ", ".join(sorted(policy.site.states)) or "none"
        advice = f"add it to salt.states in inventory/sites/{policy.site.site}.yaml (known: {known})."
        problems.append(Problem(server.name, f"has the role {server.role!r}, for which the site has no Salt states.", advice))
    hardware = policy.hardware_of(server.device_type)
    if hardware is None:
        advice = "add its device type to a file in inventory/hardware/."
        problems.append(Problem(server.name, f"is a {server.device_type!r}, which belongs to no hardware generation.", advice))
        return problems
    profile = request.burn_in or hardware.default_burn_in
    tests = hardware.burn_in.get(profile)
    if tests is None:
        known = ", ".join(sorted(hardware.burn_in))
        advice = f"generation {hardware.generation} has: {known}."
        problems.append(Problem(server.name, f"has no burn-in profile {profile!r}.", advice))
    elif (hours := sum(test.seconds for test in tests) / 3600) > LONGEST_BURN_IN:
        advice = f"shorten it in the file of generation {hardware.generation}."
        problems.append(Problem(server.name, f"would burn in for {hours:g} h, {LONGEST_BURN_IN} h is the most.", advice))
    management = planned_address(server, hardware.management_interface, policy.site.management_prefix_role, snapshot)
    out_of_band = planned_address(server, hardware.bmc_interface, policy.site.out_of_band_prefix_role, snapshot)
    for address in (management, out_of_band):
        if isinstance(address, list):
            problems += address
    if problems or isinstance(management, list) or isinstance(out_of_band, list) or states is None or tests is None:
        return problems
    return _part(server, snapshot, hardware, hostname, states, management, out_of_band, (profile, tests))


def _part(
    server: Server,
    snapshot: Snapshot,
    hardware: Hardware,
    hostname: str,
    states: tuple[str, ...],
    management: PlannedAddress,
    out_of_band: PlannedAddress,
    burn_in: tuple[str, tuple[BurnInTest, ...]],
) -> ServerPlan:
    """The server's part, once nothing stands in its way."""
    changes = [Change("status", server.status, f"{INSTALL_CLAIMS.after}, then {INSTALL_ENDS.after}")]
    for name, address, now in (
        ("primary_ip4", management, server.primary_ip4),
        ("oob_ip", out_of_band, server.oob_ip),
    ):
        if address.present is None:
            changes.append(Change(name, now.cidr if now else "none", f"one from {address.prefix} on {address.interface}"))
        elif now is None or now.cidr != address.present:
            changes.append(Change(name, now.cidr if now else "none", address.present))
    if server.bmc_certificate is None:
        changes.append(Change("turnup_bmc_certificate", "none", "the BMC's, at first use"))
    return ServerPlan(
        id=server.id,
        name=server.name,
        serial=server.serial,
        asset_tag=server.asset_tag,
        rack=snapshot.rack,
        position=server.position,
        hostname=hostname,
        role=server.role,
        generation=hardware.generation,
        version=server.version,
        status=server.status,
        management=management,
        out_of_band=out_of_band,
        macs=tuple(port.mac for port in server.interfaces if port.mac and not port.mgmt_only),
        image=hardware.image,
        kernel_arguments=hardware.kernel_arguments,
        states=states,
        pillar={
            "hostname": hostname,
            "serial": server.serial,
            "site": snapshot.site,
            "rack": snapshot.rack,
            "role": server.role,
            "generation": hardware.generation,
        },
        burn_in_profile=burn_in[0],
        burn_in=burn_in[1],
        changes=tuple(changes),
        bmc_certificate=server.bmc_certificate,
        feeds=server.feeds,
    )


def _identity_problems(server: Server, snapshot: Snapshot) -> Iterator[Problem]:
    """A server without a serial number, or sharing its serial or a MAC with another, cannot be told apart."""
    for what, text in (("serial number", server.serial), ("asset tag", server.asset_tag), ("rack's name", snapshot.rack)):
        if not text.isprintable():
            yield Problem(server.name, f"has control characters in its {what}: {text!r}.", "correct it in NetBox.")
    if not server.serial:
        yield Problem(server.name, "has no serial number in NetBox.", "enter the serial number from its label.")
    elif len(holders := snapshot.same_serial.get(server.serial, ())) > 1:
        others = ", ".join(sorted(set(holders) - {server.name})) or server.name
        yield Problem(server.name, f"has the serial number {server.serial}, and so has {others}.", "correct it in NetBox.")
    for interface in server.interfaces:
        if interface.mac and len(holders := snapshot.same_mac.get(interface.mac, ())) > 1:
            others = ", ".join(sorted(set(holders) - {server.name})) or "another interface of it"
            yield Problem(
                server.name, f"has the MAC {interface.mac} on {interface.name}, and so has {others}.", "correct it in NetBox."
            )


def _same_hostname(parts: list[ServerPlan]) -> Iterator[Problem]:
    """Names that differ in NetBox and become one host name, such as `A1` and `a1`."""
    counts = Counter(part.hostname for part in parts)
    for part in parts:
        if counts[part.hostname] > 1:
            yield Problem(part.name, f"gives the host name {part.hostname}, and another server does too.", "rename one of them.")
