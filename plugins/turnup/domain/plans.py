"""The plan: everything a run will do to every server, complete and frozen. Steps obey it and decide nothing.

Its SHA-256 over the canonical JSON is what a person approves. A plan names no secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from turnup.domain.policy import BurnInTest
from turnup.domain.seals import Seal, SealedServer
from turnup.domain.servers import ip_version

FLOW_VERSION = 2
"""Of the install flow's rows. A run finishes under the rows it began with, or says why it cannot."""


@dataclass(frozen=True)
class PlannedAddress:
    """One address to be: NetBox picks it from the prefix when the server is claimed, or it is there already (`present`)."""

    interface_id: int
    interface: str
    mac: str
    prefix_id: int
    prefix: str
    dhcp_subnet_id: int | None
    present: str | None = None

    @property
    def version(self) -> int:
        """4 or 6."""
        return ip_version(self.prefix)


@dataclass(frozen=True)
class Change:
    """One NetBox field that the run will change."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ServerPlan:
    """One server's part: who it is, what it gets, what it becomes.

    `management` is the address that turnup reaches it at: its IPv4, or its IPv6 at a site without IPv4. `further` are those of
    the site's other families on the same interface, which Salt sets. `macs` are those of all its NICs. `pool` is the load
    balancers' name of its role's.
    """

    id: int
    name: str
    serial: str
    asset_tag: str
    rack: str
    position: float | None
    hostname: str
    role: str
    generation: str
    version: str
    status: str
    management: PlannedAddress
    out_of_band: PlannedAddress
    macs: tuple[str, ...]
    image: str
    kernel_arguments: str
    states: tuple[str, ...]
    pillar: Mapping[str, str]
    burn_in_profile: str
    burn_in: tuple[BurnInTest, ...]
    changes: tuple[Change, ...]
    bmc_certificate: str | None = None
    further: tuple[PlannedAddress, ...] = ()
    feeds: tuple[str, ...] = ()
    pool: str | None = None
    sealed: SealedServer | None = None
    """Of a server that leaves."""

    @property
    def on_management(self) -> tuple[PlannedAddress, ...]:
        """Every address of the management interface."""
        return (self.management, *self.further)

    @property
    def addresses(self) -> tuple[PlannedAddress, ...]:
        """Every address, the BMC's last."""
        return (*self.on_management, self.out_of_band)

    @property
    def subject(self) -> str:
        """How messages name this server: enough to find it in the rack."""
        unit = "no position" if self.position is None else f"U{self.position:g}"
        return f"{self.name} (serial {self.serial}, rack {self.rack}, {unit})"

    @property
    def sha256(self) -> str:
        """What an approval of this part alone covers, where it was planned again."""
        return hashlib.sha256(_canonical(self)).hexdigest()


@dataclass(frozen=True)
class LeftAlone:
    """A server of the rack that the plan does not touch, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Plan:
    """One run's plan for one rack."""

    site: str
    rack: str
    rack_id: int
    rack_status: str
    servers: tuple[ServerPlan, ...]
    left_alone: tuple[LeftAlone, ...] = ()
    approval_required: bool = False
    flow: str = "install"
    flow_version: int = FLOW_VERSION
    seal: Seal | None = None
    """Of a decommission."""

    def canonical(self) -> bytes:
        """The plan as JSON that is the same for the same plan, byte for byte."""
        return _canonical(self)

    @property
    def sha256(self) -> str:
        """What an approval covers."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The servers' names, in the plan's order."""
        return tuple(server.name for server in self.servers)

    def server(self, name: str) -> ServerPlan:
        """The part of the server of that name."""
        return next(server for server in self.servers if server.name == name)


def _canonical(part: Plan | ServerPlan) -> bytes:
    """What is not sealed has no word of it, so that plans of before there were seals keep their hashes."""

    def unsealed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in pairs if value is not None or key not in ("seal", "sealed")}

    document = asdict(part, dict_factory=unsealed)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
