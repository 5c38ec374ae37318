"""Where an interface's address comes from: the prefix of its role on its VLAN, and whether there are enough left. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from netaddr import IPNetwork

from turnup.domain.errors import Problem
from turnup.domain.plans import PlannedAddress, ServerPlan
from turnup.domain.servers import Interface, Prefix, Server, Snapshot


def planned_address(server: Server, name: str, role: str, snapshot: Snapshot) -> PlannedAddress | list[Problem]:
    """Which prefix the named interface gets its address from, or what is missing for it."""
    interface = server.interface(name)
    if interface is None:
        return [Problem(server.name, f"has no interface {name!r}.", "add it in NetBox, or correct the generation's file.")]
    problems: list[Problem] = []
    if not interface.mac:
        problems.append(Problem(server.name, f"has no MAC address on {name}.", "enter it in NetBox, from the label."))
    prefix = _prefix(server, interface, role, snapshot)
    if isinstance(prefix, Problem):
        return [*problems, prefix]
    subnet_id = snapshot.dhcp_subnets.get(prefix.cidr)
    if snapshot.dhcp_subnets and subnet_id is None:
        known = ", ".join(sorted(snapshot.dhcp_subnets))
        problems.append(Problem(server.name, f"would boot in {prefix.cidr}, which DHCP does not serve.", f"it serves: {known}."))
    if problems or not interface.mac:
        return problems
    return PlannedAddress(
        interface_id=interface.id,
        interface=interface.name,
        mac=interface.mac,
        prefix_id=prefix.id,
        prefix=prefix.cidr,
        dhcp_subnet_id=subnet_id,
        present=_present(server, interface, prefix),
    )


def _present(server: Server, interface: Interface, prefix: Prefix) -> str | None:
    """The address that the interface has in the prefix: the device's primary or out-of-band one first, then the oldest."""
    chosen = {address.id for address in (server.primary_ip4, server.oob_ip) if address}
    there = [address for address in interface.addresses if address.cidr in IPNetwork(prefix.cidr)]
    there.sort(key=lambda address: (address.id not in chosen, address.id))
    return there[0].cidr if there else None


def _prefix(server: Server, interface: Interface, role: str, snapshot: Snapshot) -> Prefix | Problem:
    """The prefix of that role on the interface's VLAN; without a VLAN, the site's only prefix of that role."""
    candidates = [prefix for prefix in snapshot.prefixes if prefix.role == role]
    if interface.vlan_id is not None:
        candidates = [prefix for prefix in candidates if prefix.vlan_id == interface.vlan_id]
    if len(candidates) == 1:
        return candidates[0]
    where = "on the VLAN of" if interface.vlan_id is not None else "at the site for"
    found = ", ".join(prefix.cidr for prefix in candidates) or "none"
    return Problem(
        server.name,
        f"needs exactly one prefix of role {role!r} {where} {interface.name}; NetBox has {found}.",
        "set the interface's untagged VLAN and the prefix's VLAN, role and site in NetBox.",
    )


def not_enough_addresses(parts: Sequence[ServerPlan], snapshot: Snapshot) -> Iterator[Problem]:
    """Prefixes that cannot give every server its address."""
    wanted = Counter(
        address.prefix_id for part in parts for address in (part.management, part.out_of_band) if address.present is None
    )
    for prefix in snapshot.prefixes:
        if wanted[prefix.id] > prefix.free:
            yield Problem(
                prefix.cidr,
                f"has {prefix.free} free addresses, {wanted[prefix.id]} are needed.",
                "release addresses or enlarge the prefix in NetBox.",
            )
