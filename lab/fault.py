"""What `./lab/fault` can break: for each target (a server, a rack, a service) the kinds of misbehaviour that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

AT_ONCE, AT_POWER_ON = "at once", "from the next power-on"


@dataclass(frozen=True)
class Fault:
    """One kind of misbehaviour, and when it begins. It ends at once when it is cleared."""

    kind: str
    does: str
    when: str = AT_ONCE


class Target(Protocol):
    """Something that can be made to misbehave."""

    @property
    def name(self) -> str:
        """As it is named on the command line."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What it can be made to do."""

    def active(self) -> list[str]:
        """The faults that are on, by kind."""

    def put(self, kind: str) -> None:
        """The fault is on."""

    def clear(self) -> None:
        """No fault is on."""


def targets() -> Iterator[Target]:
    """Every target of the lab: services first, then racks, then servers."""
    from lab.datacenter import RACKS, SERVERS  # noqa: PLC0415 - they import the kinds of faults from here
    from lab.metal.faults import ServerTarget  # noqa: PLC0415
    from lab.prefix_fault import RackTarget  # noqa: PLC0415
    from lab.services.netbox import NetBoxTarget  # noqa: PLC0415

    yield NetBoxTarget()
    yield from (RackTarget(rack) for rack in RACKS)
    yield from (ServerTarget(server) for server in SERVERS)
