"""A live server has an address and no primary, or no out-of-band, one."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Device, Facts, Source
from turnup.domain.findings import Fix, Severity
from turnup.domain.servers import Address, Interface, ip_version
from turnup.domain.states import Status

FIELDS = {"primary_ip4": "primary IPv4 address", "primary_ip6": "primary IPv6 address", "oob_ip": "out-of-band address"}


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server that lacks one; where exactly one address could be it, that is offered."""
    for device in facts.still:
        hardware = facts.policy.hardware_of(device.server.device_type)
        if device.server.status != Status.ACTIVE or hardware is None:
            continue
        nic, bmc = (device.server.interface(name) for name in (hardware.management_interface, hardware.bmc_interface))
        missing = _missing(device, nic, bmc)
        if missing:
            listed = ", ".join(f"{FIELDS[field]} ({_said(found)})" for field, found in missing.items())
            chosen: dict[str, str | int | None] = {field: found[0].id for field, found in missing.items() if len(found) == 1}
            fix = Fix(
                f"make the only address of each kind the {' and '.join(FIELDS[field] for field in chosen)} of {device.name}",
                "set_primary",
                {"device": device.name, "device_id": device.server.id, **chosen},
                device.server.id,
            )
            yield seen(device, f"It has no {listed}.", fix if len(chosen) == len(missing) else None)


def _missing(device: Device, nic: Interface | None, bmc: Interface | None) -> dict[str, list[Address]]:
    """{field: addresses that could be it}. Of the IP versions that its NIC has addresses of one each, at least one in all."""
    server = device.server
    by_version = {
        version: [one for one in (nic.addresses if nic else ()) if ip_version(one.cidr) == version] for version in (4, 6)
    }
    none_at_all = server.primary_ip4 is None and server.primary_ip6 is None and not any(by_version.values())
    missing: dict[str, list[Address]] = {}
    if server.primary_ip4 is None and (by_version[4] or none_at_all):
        missing["primary_ip4"] = by_version[4]
    if server.primary_ip6 is None and by_version[6]:
        missing["primary_ip6"] = by_version[6]
    if server.oob_ip is None:
        missing["oob_ip"] = list(bmc.addresses) if bmc else []
    return missing


def _said(found: list[Address]) -> str:
    return " or ".join(one.cidr for one in found) or "no address on its interface either"


CHECK = Check(
    area="Addresses",
    title="A live server's primary address is not set",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="DNS, monitoring and turnup itself reach a server at the addresses that NetBox calls primary and out-of-band.",
    advice="set it in NetBox; where one address alone can be it, the fix does so.",
    steps="1. Open the device in NetBox; set *Primary IPv4*, *Primary IPv6* and *Out-of-band IP*.\n"
    "2. If an interface has no address at all, see in its changelog who took it off.",
    fixes=True,
)
