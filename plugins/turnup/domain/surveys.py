"""What was seen of servers before they are sealed: asked, never guessed. Who could not be asked is `unknown`, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from turnup.domain.seals import SealedDrive


@dataclass(frozen=True)
class Inside:
    """What the running system says of its machine. `expected_key`: the host key was on record, and it showed that one."""

    serial: str
    macs: tuple[str, ...]
    drives: tuple[SealedDrive, ...]
    host_key: str
    expected_key: bool = False


@dataclass(frozen=True)
class FromBmc:
    """What a server's BMC says; it showed the certificate on record. `power` is Redfish's word."""

    serial: str
    power: str
    macs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """One server, as it was seen. `minion`: whether it answers the Salt master; `pool`: how it stands in its role's pool."""

    server: str
    inside: Inside | None = None
    bmc: FromBmc | None = None
    minion: bool = False
    pool: str = ""
    connections: int = 0
    unknown: Mapping[str, str] = field(default_factory=dict)
    """{what was asked: why there is no answer}."""


@dataclass(frozen=True)
class Standing:
    """One device of the site as capacity counts it. `key` tells it apart: its primary address, else its name."""

    key: str
    name: str
    role: str
    tenant: str | None
    status: str
    leaving_since: str | None = None


@dataclass(frozen=True)
class SiteSurvey:
    """Everything that was seen, at one time (ISO 8601).

    `serving` is {role: the addresses that really serve}, of roles with a pool; others are counted by their status in NetBox.
    """

    at: str
    servers: tuple[Survey, ...] = ()
    standing: tuple[Standing, ...] = ()
    serving: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, server: str) -> Survey:
        """What was seen of a server; nothing of one that nobody looked at."""
        nobody_looked = Survey(server, unknown={"all of it": "nobody looked at it"})
        return next((one for one in self.servers if one.server == server), nobody_looked)
