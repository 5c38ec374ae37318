"""A server's NICs are not what its generation, or the machine itself, says."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Device, Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.policy import Hardware
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each server that lacks an interface of its generation or its MAC, or whose NICs, where they were asked, have others."""
    for device in facts.still:
        hardware = facts.policy.hardware_of(device.server.device_type)
        if hardware is None or device.server.status in (Status.INVENTORY, Status.OFFLINE):
            continue
        problems = [*_missing(device, hardware), *_strange(facts, device, hardware)]
        if problems:
            yield seen(device, " ".join(problems))


def _missing(device: Device, hardware: Hardware) -> Iterator[str]:
    for name in (hardware.management_interface, hardware.bmc_interface, *hardware.other_interfaces):
        port = device.server.interface(name)
        if port is None:
            yield f"It has no interface {name}, which {hardware.generation} has."
        elif not port.mac:
            yield f"Its interface {name} has no MAC."


def _strange(facts: Facts, device: Device, hardware: Hardware) -> Iterator[str]:
    """MACs of NetBox that the machine, where it was asked, does not have."""
    tried = facts.tried.get(facts.minion_of(device))
    if tried is None or not tried.macs:
        return
    for port in device.server.interfaces:
        if (
            port.mac
            and not port.virtual
            and not port.mgmt_only
            and port.name != hardware.bmc_interface
            and port.mac not in tried.macs
        ):
            yield f"{port.name} has the MAC {port.mac} in NetBox, which the machine does not have."


CHECK = Check(
    area="Hardware",
    title="A server's NICs are not as NetBox has them",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="The next install is refused, or the next repair ends at the wrong port.",
    advice="read the label, and correct the interfaces and MACs in NetBox.",
    steps="1. `ip link` on the machine, or the label, has the MACs.\n"
    "2. Correct NetBox: interface names as the generation's file has them, MACs as on the label.\n"
    "3. What the machine itself says is asked of this audit's sample alone (`audit.sample`).",
)
