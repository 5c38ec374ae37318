"""An address of a server lies in no prefix that its port may have addresses from."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.networks import Networks


def look(facts: Facts) -> Iterator[Seen]:
    """Each address on a server's interface outside the prefixes of its role: management, out-of-band, or any."""
    site = facts.policy.site
    of_role = {
        role: Networks(one.cidr for one in facts.estate.prefixes if one.role == role)
        for role in (site.management_prefix_role, site.out_of_band_prefix_role)
    }
    anywhere = Networks(one.cidr for one in facts.estate.prefixes)
    for device in facts.still:
        hardware = facts.policy.hardware_of(device.server.device_type)
        for port in device.server.interfaces:
            role = ""
            if hardware is not None and port.name == hardware.management_interface:
                role = site.management_prefix_role
            elif hardware is not None and port.name == hardware.bmc_interface:
                role = site.out_of_band_prefix_role
            for address in port.addresses:
                if of_role.get(role, anywhere).of(address.ip) is None:
                    which = f"of role {role}" if role else "with a role"
                    yield seen(device, f"{address.cidr} on {port.name} lies in no active prefix {which} of this site.")


CHECK = Check(
    area="Addresses",
    title="A server's address lies outside its prefixes",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="No route leads there, DHCP cannot serve it, and turnup sends no password to a BMC outside the out-of-band prefix.",
    advice="correct the address, or the prefix's site, role and status, in NetBox.",
    steps="1. If the address is a slip, put the right one on the interface; the DHCP reservation follows with the fix of "
    "`reservation_address_differs`.\n"
    "2. If the prefix is new, give it this site as its scope, its role and the status *active*.",
)
