"""plan() decides everything an install does to a rack, from what NetBox says and what policy wants. Pure.

It refuses with every problem at once: an engineer fixes NetBox in one go, not in eight rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from turnup.domain.addressing import (
    Wanted,
    missing_interface,
    missing_mac,
    not_enough_addresses,
    out_of_band_versions,
    planned_addresses,
)
from turnup.domain.choice import called, choose
from turnup.domain.errors import Problem
from turnup.domain.hostnames import hostname, shared_hostnames, why_no_hostname
from turnup.domain.plain_text import plain
from turnup.domain.plans import Change, Plan, PlannedAddress, ServerPlan
from turnup.domain.policy import BurnInTest, Hardware, Policy
from turnup.domain.servers import Server, Snapshot
from turnup.domain.states import INSTALL_CLAIMS, INSTALL_LIVE
from turnup.domain.surveys import SiteSurvey

LONGEST_BURN_IN = 30
"""Hours that a profile's tests may take together; a row is ended after 36."""


@dataclass(frozen=True)
class Removal:
    """What was asked of a decommission: how to wipe, why, by whom (Airflow's user names), and what was seen of the servers."""

    wipe: str
    reason: str
    requesters: tuple[str, ...]
    seen: SiteSurvey


@dataclass(frozen=True)
class Request:
    """What was asked for. No `servers` means every server of the rack that may be claimed; `claim` names the run.

    `approval_required` can ask for more than the site's policy does, never for less.
    """

    claim: str
    servers: tuple[str, ...] = ()
    burn_in: str = ""
    approval_required: bool = False
    removal: Removal | None = None


def plan(snapshot: Snapshot, policy: Policy, request: Request) -> Plan | tuple[Problem, ...]:
    """Make the plan, or say everything that stands in its way. A plan without servers means: nothing to do."""
    choice = choose(snapshot, policy.site, request.claim, request.servers)
    problems = list(choice.problems)
    parts: list[ServerPlan] = []
    for server in choice.chosen:
        part = _plan_server(server, snapshot, policy, request)
        if isinstance(part, ServerPlan):
            parts.append(part)
        else:
            problems += part
    problems += not_enough_addresses(parts, snapshot)
    problems += shared_hostnames(parts, snapshot.servers, policy.site.domain)
    if problems:
        return tuple(problems)
    return Plan(
        site=snapshot.site,
        rack=snapshot.rack,
        rack_id=snapshot.rack_id,
        rack_status=snapshot.rack_status,
        servers=tuple(parts),
        left_alone=tuple(choice.left_alone),
        approval_required=request.approval_required or policy.site.approval_required,
    )


def _plan_server(server: Server, snapshot: Snapshot, policy: Policy, request: Request) -> ServerPlan | list[Problem]:
    """One server's part of the plan, or everything that is wrong with it."""
    if not server.name:
        at = "no position" if server.position is None else f"U{server.position:g}"
        return [Problem(f"The device with id {server.id} ({at})", "has no name.", "name it in NetBox.")]
    problems = list(_identity_problems(server, snapshot))
    if why_not := why_no_hostname(server.name, policy.site.domain):
        what = f"gives the host name {hostname(server.name, policy.site.domain)!r}, which DNS does not allow: {why_not}."
        problems.append(Problem(called(server), what, "rename the device: a-z, 0-9, -."))
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
    addresses, missing = _addresses(server, snapshot, policy, hardware)
    problems += missing
    if problems or states is None or tests is None:
        return problems
    name = hostname(server.name, policy.site.domain)
    part = _part(server, snapshot, hardware, name, states, addresses, (profile, tests))
    pool = policy.site.traffic.pools.get(server.role)
    return replace(part, pool=pool.backend if pool else None)


def _addresses(
    server: Server, snapshot: Snapshot, policy: Policy, hardware: Hardware
) -> tuple[list[PlannedAddress], list[Problem]]:
    """The management interface's addresses, then the BMC's; and what is missing, on the generation's other NICs too."""
    site, bmc = policy.site, hardware.bmc_interface
    versions = out_of_band_versions(server, bmc, site.out_of_band_prefix_role, site.families, snapshot)
    planned: list[PlannedAddress] = []
    problems: list[Problem] = []
    for wanted in (
        Wanted(hardware.management_interface, site.management_prefix_role, site.families),
        Wanted(bmc, site.out_of_band_prefix_role, versions),
    ):
        found, missing = planned_addresses(server, wanted, snapshot)
        planned += found
        problems += missing
    for name in hardware.other_interfaces:
        interface = server.interface(name)
        if interface is None:
            problems.append(missing_interface(server, name))
        elif not interface.mac:
            problems.append(missing_mac(server, interface))
    return planned, problems


def _part(
    server: Server,
    snapshot: Snapshot,
    hardware: Hardware,
    fqdn: str,
    states: tuple[str, ...],
    addresses: list[PlannedAddress],
    burn_in: tuple[str, tuple[BurnInTest, ...]],
) -> ServerPlan:
    """The server's part, once nothing stands in its way; `addresses` are the management interface's, then the BMC's."""
    changes = [Change("status", server.status, f"{INSTALL_CLAIMS.after}, then {INSTALL_LIVE.after}")]
    management, *further, out_of_band = addresses
    primary = {4: server.primary_ip4, 6: server.primary_ip6}
    of_field = [(f"primary_ip{one.version}", one, primary[one.version]) for one in (management, *further)]
    for name, address, now in (*of_field, ("oob_ip", out_of_band, server.oob_ip)):
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
        hostname=fqdn,
        role=server.role,
        generation=hardware.generation,
        version=server.version,
        status=server.status,
        management=management,
        out_of_band=out_of_band,
        macs=tuple(port.mac for port in server.interfaces if port.mac and not port.mgmt_only and not port.virtual),
        image=hardware.image,
        kernel_arguments=hardware.kernel_arguments,
        states=states,
        pillar={
            "hostname": fqdn,
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
        further=tuple(further),
    )


def _identity_problems(server: Server, snapshot: Snapshot) -> Iterator[Problem]:
    """A server without a serial number, or sharing its serial or a MAC with another, cannot be told apart."""
    for what, text in (("serial number", server.serial), ("asset tag", server.asset_tag), ("rack's name", snapshot.rack)):
        if not text.isprintable():
            yield Problem(server.name, f"has control characters in its {what}: {text!r}.", "correct it in NetBox.")
    if len(racks := snapshot.same_name.get(server.name, ())) > 1:
        what = f"is the name of {len(racks)} devices at site {snapshot.site}: {', '.join(map(plain, racks))}."
        yield Problem(called(server), what, "rename all but one; upper and lower case count as the same.")
    if not server.serial:
        yield Problem(called(server), "has no serial number in NetBox.", "enter the serial number from its label.")
    elif len(holders := snapshot.same_serial.get(server.serial, ())) > 1:
        others = ", ".join(sorted(set(holders) - {server.name})) or server.name
        yield Problem(server.name, f"has the serial number {server.serial}, and so has {others}.", "correct it in NetBox.")
    for interface in server.interfaces:
        if interface.mac and len(holders := snapshot.same_mac.get(interface.mac, ())) > 1:
            others = ", ".join(sorted(set(holders) - {server.name})) or "another interface of it"
            yield Problem(
                server.name, f"has the MAC {interface.mac} on {interface.name}, and so has {others}.", "correct it in NetBox."
            )
