"""Where an interface's addresses come from: the prefixes of its role on its VLAN, and whether there are enough left. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netaddr import IPNetwork

from turnup.domain.errors import Problem
from turnup.domain.plans import PlannedAddress, ServerPlan
from turnup.domain.servers import Interface, Prefix, Server, Snapshot


@dataclass(frozen=True)
class Wanted:
    """What an interface is to get: an address of each version (4, 6) from the prefix of this role."""

    interface: str
    role: str
    versions: tuple[int, ...]


def planned_addresses(server: Server, wanted: Wanted, snapshot: Snapshot) -> tuple[list[PlannedAddress], list[Problem]]:
    """Which prefixes the interface gets its addresses from, IPv4 first, and what is missing for that."""
    interface = server.interface(wanted.interface)
    if interface is None:
        return [], [missing_interface(server, wanted.interface)]
    problems = [] if interface.mac else [missing_mac(server, interface)]
    planned: list[PlannedAddress] = []
    for version in sorted(wanted.versions):
        prefix = _prefix(server, interface, wanted.role, version, snapshot)
        if isinstance(prefix, Problem):
            problems.append(prefix)
            continue
        # DHCP serves firmware and BMCs over IPv4; an IPv6 address is set by Salt, or is the site's own business (see README).
        subnet_id = snapshot.dhcp_subnets.get(prefix.cidr) if version == 4 else None
        if version == 4 and snapshot.dhcp_subnets and subnet_id is None:
            known = ", ".join(sorted(snapshot.dhcp_subnets))
            problems.append(
                Problem(server.name, f"would boot in {prefix.cidr}, which DHCP does not serve.", f"it serves: {known}.")
            )
        planned.append(
            PlannedAddress(
                interface_id=interface.id,
                interface=interface.name,
                mac=interface.mac or "",
                prefix_id=prefix.id,
                prefix=prefix.cidr,
                dhcp_subnet_id=subnet_id,
                present=_present(server, interface, prefix),
            )
        )
    return planned, problems


def missing_interface(server: Server, name: str) -> Problem:
    """The problem of a server without an interface that its generation has."""
    return Problem(server.name, f"has no interface {name!r}.", "add it in NetBox, or correct the generation's file.")


def missing_mac(server: Server, interface: Interface) -> Problem:
    """The problem of an interface that nobody entered the MAC of."""
    return Problem(server.name, f"has no MAC address on {interface.name}.", "enter it in NetBox, from the label.")


def out_of_band_versions(server: Server, name: str, role: str, families: Sequence[int], snapshot: Snapshot) -> tuple[int, ...]:
    """The one version that a BMC gets: IPv6 only at a site without IPv4 where its VLAN has no IPv4 prefix of that role."""
    if 4 in families:
        return (4,)
    interface = server.interface(name)
    return (4,) if interface and _candidates(interface, role, 4, snapshot) else (6,)


def _present(server: Server, interface: Interface, prefix: Prefix) -> str | None:
    """The address that the interface has in the prefix: the device's primary or out-of-band one first, then the oldest."""
    chosen = {address.id for address in (server.primary_ip4, server.primary_ip6, server.oob_ip) if address}
    there = [address for address in interface.addresses if address.cidr in IPNetwork(prefix.cidr)]
    there.sort(key=lambda address: (address.id not in chosen, address.id))
    return there[0].cidr if there else None


def _candidates(interface: Interface, role: str, version: int, snapshot: Snapshot) -> list[Prefix]:
    """The prefixes of that role and version on the interface's VLAN; without a VLAN, the site's."""
    return [
        prefix
        for prefix in snapshot.prefixes
        if (prefix.role, prefix.version) == (role, version) and interface.vlan_id in (None, prefix.vlan_id)
    ]


def _prefix(server: Server, interface: Interface, role: str, version: int, snapshot: Snapshot) -> Prefix | Problem:
    candidates = _candidates(interface, role, version, snapshot)
    if len(candidates) == 1:
        return candidates[0]
    where = "on the VLAN of" if interface.vlan_id is not None else "at the site for"
    found = ", ".join(prefix.cidr for prefix in candidates) or "none"
    return Problem(
        server.name,
        f"needs exactly one IPv{version} prefix of role {role!r} {where} {interface.name}; NetBox has {found}.",
        "set the interface's untagged VLAN and the prefix's VLAN, role and site in NetBox.",
    )


def not_enough_addresses(parts: Sequence[ServerPlan], snapshot: Snapshot) -> Iterator[Problem]:
    """Prefixes that cannot give every server its address."""
    wanted = Counter(address.prefix_id for part in parts for address in part.addresses if address.present is None)
    for prefix in snapshot.prefixes:
        if wanted[prefix.id] > prefix.free:
            yield Problem(
                prefix.cidr,
                f"has {prefix.free} free addresses, {wanted[prefix.id]} are needed.",
                "release addresses or enlarge the prefix in NetBox.",
            )
