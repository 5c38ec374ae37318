"""What NetBox intends of a live server: which of its ports is reached at which address, and what DHCP is to know of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from turnup.domain.facts import Device, Facts
from turnup.domain.hostnames import bmc_hostname
from turnup.domain.leases import Reservation
from turnup.domain.networks import Networks, parsed
from turnup.domain.servers import Address, Interface, ip_version
from turnup.domain.states import Status


@dataclass(frozen=True)
class Intended:
    """A port of a live server, and the reservation that it is to have."""

    device: Device
    port: Interface
    reservation: Reservation


def intended(facts: Facts) -> Iterator[Intended]:
    """Of every port that DHCP serves: those of live servers that no run holds."""
    served = Networks(prefix for prefix in facts.subnets if ip_version(prefix) == 4)
    site = facts.policy.site
    for device in facts.still:
        hardware = facts.policy.hardware_of(device.server.device_type)
        if device.server.status != Status.ACTIVE or hardware is None:
            continue
        name = facts.minion_of(device)
        for port, first, is_bmc in (
            (device.server.interface(hardware.management_interface), device.server.primary_ip4, False),
            (device.server.interface(hardware.bmc_interface), device.server.oob_ip, True),
        ):
            address = _address(port, first)
            prefix = served.of(address.ip) if address else None
            if port is None or not port.mac or address is None or prefix is None:
                continue
            host, boot_file = (bmc_hostname(name), None) if is_bmc else (name, f"{site.boot_url}/{port.mac}.ipxe")
            yield Intended(device, port, Reservation(facts.subnets[prefix], port.mac, address.ip, host, boot_file))


def _address(port: Interface | None, first: Address | None) -> Address | None:
    """The IPv4 address on the port: the device's primary or out-of-band one, else the only one there is."""
    there = [one for one in (port.addresses if port else ()) if ip_version(one.cidr) == 4]
    if first is not None and any(one.id == first.id for one in there):
        return first
    return there[0] if len(there) == 1 else None


def is_misplaced(facts: Facts, one: Reservation) -> bool:
    """Whether the reservation's address lies outside its subnet, or there is no such subnet."""
    span = facts.spans.get(one.subnet_id)
    return span is None or not span[0] <= parsed(one.ip)[1] <= span[1]


def as_values(one: Reservation, old: Reservation | None = None) -> dict[str, str | int | None]:
    """A reservation, and the one that it replaces, as the values of a fix."""
    return {**asdict(one), **({f"old_{name}": value for name, value in asdict(old).items()} if old else {})}


def place(device: Device) -> str:
    """Where to find it: serial number, rack, unit."""
    at = device.server.position
    parts = (
        f"serial {device.server.serial}" if device.server.serial else "",
        f"rack {device.rack}" if device.rack else "no rack",
        f"U{at:g}" if at else "no position",
    )
    return ", ".join(part for part in parts if part)
