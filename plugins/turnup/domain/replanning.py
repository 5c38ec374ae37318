"""What a server's part of a plan rests on, and what of it has changed since. Pure.

A board or a NIC was replaced and somebody corrected NetBox: then the part is planned again. Policy that was changed meanwhile is
not a changed fact: it takes effect in the next run.
"""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.plans import Change, PlannedAddress, ServerPlan


def facts(part: ServerPlan) -> dict[str, str]:
    """The facts of NetBox that the part rests on, by what a person calls them."""
    known = {
        "NetBox id": str(part.id),
        "serial number": part.serial,
        "asset tag": part.asset_tag,
        "role": part.role,
        "generation": part.generation,
        "host name": part.hostname,
        "MACs": ", ".join(sorted(part.macs)),
    }
    for address in part.addresses:
        known[f"MAC of {address.interface}"] = address.mac
        known[f"IPv{address.version} prefix of {address.interface}"] = address.prefix
    return known


def with_former_addresses(before: ServerPlan, after: ServerPlan) -> ServerPlan:
    """The new part, in which an address counts as there before the run only if it was there at the first plan.

    What the run itself took since is the run's: an abort gives it back.
    """
    there = {(address.interface_id, address.prefix_id): address.present for address in before.addresses}

    def settled(address: PlannedAddress) -> PlannedAddress:
        key = (address.interface_id, address.prefix_id)
        return replace(address, present=there[key]) if key in there else address

    return replace(
        after,
        management=settled(after.management),
        out_of_band=settled(after.out_of_band),
        further=tuple(settled(address) for address in after.further),
    )


def changed_facts(before: ServerPlan, after: ServerPlan, certificates: frozenset[str | None]) -> tuple[Change, ...]:
    """What differs between two parts of one server, in the facts that they rest on.

    `certificates` are those of its BMC that may be on record without anybody having changed it: what the run itself wrote there.
    """
    old, new = facts(before), facts(after)
    if after.bmc_certificate not in certificates:
        old["BMC certificate"] = " or ".join(sorted(one for one in certificates if one)) or "none"
        new["BMC certificate"] = after.bmc_certificate or "none"
    names = dict.fromkeys([*old, *new])
    return tuple(Change(name, old.get(name, "none"), new.get(name, "none")) for name in names if old.get(name) != new.get(name))
