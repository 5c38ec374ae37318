"""What there is: servers, racks, prefixes and addresses as NetBox has them, frozen at one moment.

Identifiers named `id` are NetBox's. MAC addresses are lower case with colons; an address is written with its prefix length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Address:
    """An IP address that NetBox has assigned to an interface."""

    id: int
    cidr: str
    interface_id: int

    @property
    def ip(self) -> str:
        """The address without its prefix length."""
        return self.cidr.split("/", maxsplit=1)[0]


@dataclass(frozen=True)
class Interface:
    """A NIC, or the port of a BMC."""

    id: int
    name: str
    mac: str | None
    mgmt_only: bool
    vlan_id: int | None
    addresses: tuple[Address, ...] = ()
    virtual: bool = False
    """A bond, a bridge or the like: made by the operating system, with a MAC that no label shows."""


@dataclass(frozen=True)
class Server:
    """One device of NetBox. `version` stands for this state of it: a conditional write names it and fails when it moved on.

    `claim` names the run that holds it, `last_run` the one that held it last. `feeds` are the power feeds behind its cables.
    `leaving_since` (ISO 8601) is when a run last claimed it to take it out; `tags` are slugs.
    """

    id: int
    name: str
    serial: str
    asset_tag: str
    position: float | None
    role: str
    device_type: str
    status: str
    version: str
    claim: str | None = None
    bmc_certificate: str | None = None
    last_run: str | None = None
    interfaces: tuple[Interface, ...] = ()
    primary_ip4: Address | None = None
    oob_ip: Address | None = None
    primary_ip6: Address | None = None
    tenant: str | None = None
    feeds: tuple[str, ...] = ()
    leaving_since: str | None = None
    tags: tuple[str, ...] = ()

    def interface(self, name: str) -> Interface | None:
        """The interface of that name, if the server has one."""
        return next((interface for interface in self.interfaces if interface.name == name), None)


@dataclass(frozen=True)
class Prefix:
    """A prefix of the site, with how many of its addresses are still free."""

    id: int
    cidr: str
    role: str
    vlan_id: int | None
    free: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return ip_version(self.cidr)


@dataclass(frozen=True)
class Snapshot:
    """One rack and what a plan for it needs to know, read in a few requests.

    `same_serial` and `same_mac` name devices anywhere in NetBox: {serial or MAC: device names}, the rack's own included.
    `same_name` names the racks of the site's devices of that name: {name: rack names}, this one included.
    `dhcp_subnets` is what the DHCP server serves: {prefix: subnet id}; empty where the site has no DHCP.
    """

    site: str
    rack: str
    rack_id: int
    rack_status: str
    servers: tuple[Server, ...]
    prefixes: tuple[Prefix, ...]
    same_serial: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    same_mac: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    same_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dhcp_subnets: Mapping[str, int] = field(default_factory=dict)


def ip_version(cidr: str) -> int:
    """4 or 6, of an address or a prefix."""
    return 6 if ":" in cidr else 4
