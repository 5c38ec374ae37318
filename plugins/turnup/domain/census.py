"""All servers of turnup's, counted: in which state they are, since when, why they failed; and how full prefixes are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from turnup.domain.cause_text import read_cause
from turnup.domain.fleet import Fleet
from turnup.domain.policy import Site
from turnup.domain.states import Status

PASSING = (Status.STAGED, Status.FAILED, Status.DECOMMISSIONING)
"""States that a server should not stay in."""

UNDER_A_RUN = (Status.STAGED, Status.DECOMMISSIONING)
"""States in which a run is at work on a server, or nobody is."""


@dataclass(frozen=True)
class Standing:
    """One server of turnup's. `since` is when it came to its state (ISO 8601); `cause` is a code, `claim` a run, or empty."""

    id: int
    site: str
    rack: str
    state: str
    since: str
    claim: str = ""
    cause: str = ""


def standings(fleet: Fleet, sites: Mapping[str, Site], since: Mapping[int, str]) -> tuple[Standing, ...]:
    """Every server that is turnup's at these sites (slug: policy).

    `since` {device: when it came to its state} need not know all: of another it is said when it was saved last.
    """
    found = []
    for device in fleet.devices.values():
        site = sites.get(device.site)
        if site is None or not site.is_ours(device.role, device.tenant):
            continue
        rack = fleet.racks.get(device.rack_id or 0)
        told = read_cause(device.cause) if device.status == Status.FAILED else None
        came = since.get(device.id, device.version)
        name, claim, code = rack.name if rack else "", device.claim or "", told.code if told else ""
        found.append(Standing(device.id, device.site, name, device.status, came, claim, code))
    return tuple(found)


@dataclass(frozen=True)
class Fill:
    """How full a prefix is: `used` of `size` addresses that can be given out."""

    site: str
    prefix: str
    role: str
    used: int
    size: int

    @property
    def share(self) -> float:
        """From 0, empty, to 1, full."""
        return min(1.0, self.used / self.size) if self.size else 1.0
