"""What an audit knows of a site, gathered in bulk and frozen: what NetBox intends, what services were told, what is there.

A source that did not answer left nothing here: `silent` says why, and the checks that need it are not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_network

from turnup.domain.hostnames import hostname
from turnup.domain.leases import Lease, Reservation
from turnup.domain.policy import Policy
from turnup.domain.servers import Interface, Server


class Source(StrEnum):
    """Where facts come from."""

    NETBOX = "NetBox"
    OWNERS = "owners in NetBox"
    SETUP = "NetBox's set-up"
    DHCP = "DHCP reservations"
    LEASES = "DHCP leases"
    KEYS = "Salt keys"
    MINIONS = "Salt minions"
    STATES = "Salt states"
    BMC = "BMCs"
    SSH = "SSH"
    BOOT = "boot files"
    AIRFLOW = "Airflow's runs"


@dataclass(frozen=True)
class Device:
    """A device with its interfaces, and where it is mounted. `height` is in units; `since`: how long it has its status."""

    server: Server
    rack: str = ""
    rack_id: int | None = None
    face: str = ""
    height: float = 1.0
    since: datetime | None = None

    @property
    def name(self) -> str:
        """NetBox's name."""
        return self.server.name


@dataclass(frozen=True)
class Assigned:
    """An IP address of NetBox. `port` is the interface it is on: None where it is on none, or on no device's."""

    id: int
    cidr: str
    status: str
    port: int | None = None
    dns_name: str = ""
    description: str = ""
    role: str = ""
    vrf: bool = False
    elsewhere: bool = False
    """It is on something that is no interface of a device: a virtual machine's, an FHRP group's."""

    @property
    def ip(self) -> str:
        """The address without its prefix length."""
        return self.cidr.split("/", maxsplit=1)[0]


@dataclass(frozen=True)
class Range:
    """Addresses from `first` to `last` that count as taken."""

    first: str
    last: str


@dataclass(frozen=True)
class SitePrefix:
    """An active prefix of the site that has a role."""

    id: int
    cidr: str
    role: str


@dataclass(frozen=True)
class Rack:
    """A rack and its status."""

    id: int
    name: str
    status: str


@dataclass(frozen=True)
class Estate:
    """All that NetBox has of a site. `accepted` is the text in which people accepted findings."""

    site: str
    devices: tuple[Device, ...] = ()
    racks: tuple[Rack, ...] = ()
    prefixes: tuple[SitePrefix, ...] = ()
    ranges: tuple[Range, ...] = ()
    addresses: tuple[Assigned, ...] = ()
    accepted: str = ""


@dataclass(frozen=True)
class Misfit:
    """An object that NetBox needs for turnup and that is missing (no `fields`), or has these fields otherwise."""

    kind: str
    key: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class BmcSeen:
    """What a BMC showed. `certificate` None: it did not answer, `trouble` says how. Only one that is on record was asked more.

    `login` False: it refused the site's login. `factory` True: it takes the factory's; None: that was not tried.
    """

    certificate: str | None = None
    trouble: str = ""
    login: bool | None = None
    serial: str | None = None
    power: str | None = None
    health: str | None = None
    factory: bool | None = None


@dataclass(frozen=True)
class Tried:
    """What a server said of itself: its states that would change or fail, and the MACs of its NICs (none: not known)."""

    drifted: tuple[str, ...] = ()
    macs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """One site at the moment `now`. `partial`: what of a source could not be looked at; what could is here.

    `asked` are the minions that were asked for a sign of life, `answering` those that gave one; `knocked` and `open`: the devices
    (ids) whose SSH was tried, and those where it answered. `waiting_since`: when an audit first saw each waiting key.
    """

    policy: Policy
    now: datetime
    estate: Estate
    setup: tuple[Misfit, ...] = ()
    subnets: Mapping[str, int] = field(default_factory=dict)
    reservations: tuple[Reservation, ...] = ()
    leases: tuple[Lease, ...] = ()
    accepted_keys: frozenset[str] = frozenset()
    waiting_keys: frozenset[str] = frozenset()
    waiting_since: Mapping[str, datetime] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    answering: frozenset[str] = frozenset()
    tried: Mapping[str, Tried] = field(default_factory=dict)
    bmcs: Mapping[int, BmcSeen] = field(default_factory=dict)
    knocked: frozenset[int] = frozenset()
    open: frozenset[int] = frozenset()
    boot_macs: frozenset[str] = frozenset()
    ended_claims: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    """MACs and minion ids that services have, of another device in NetBox than those read here: services may be shared."""
    silent: Mapping[Source, str] = field(default_factory=dict)
    unasked: Mapping[Source, str] = field(default_factory=dict)
    """Sources that were not asked because another one, which is told, is silent."""
    partial: Mapping[Source, str] = field(default_factory=dict)

    @cached_property
    def ours(self) -> tuple[Device, ...]:
        """The devices that are turnup's here."""
        site = self.policy.site
        return tuple(one for one in self.estate.devices if site.is_ours(one.server.role, one.server.tenant))

    @cached_property
    def still(self) -> tuple[Device, ...]:
        """Ours that no run holds: what a run works on may differ from one moment to the next."""
        return tuple(one for one in self.ours if one.server.claim is None)

    @cached_property
    def minions(self) -> Mapping[str, Device]:
        """{minion id: device}, of every device of the site."""
        return {hostname(one.name, self.policy.site.domain): one for one in self.estate.devices if one.name}

    @cached_property
    def ports(self) -> Mapping[int, tuple[Device, Interface]]:
        """{interface id: its device and itself}."""
        return {port.id: (device, port) for device in self.estate.devices for port in device.server.interfaces}

    @cached_property
    def macs(self) -> Mapping[str, tuple[Device, Interface]]:
        """{MAC: the device and interface that have it}; bonds and the like do not count."""
        found = ((device, port) for device in self.estate.devices for port in device.server.interfaces)
        return {port.mac: (device, port) for device, port in found if port.mac and not port.virtual}

    @cached_property
    def spans(self) -> Mapping[int, tuple[int, int]]:
        """{DHCP subnet id: its first and last address, as numbers}."""
        networks = {number: ip_network(prefix) for prefix, number in self.subnets.items()}
        return {number: (int(one.network_address), int(one.broadcast_address)) for number, one in networks.items()}

    def minion_of(self, device: Device) -> str:
        """The device's minion id."""
        return hostname(device.name, self.policy.site.domain)

    def answers(self, device: Device) -> bool:
        """Whether the server gave any sign of life, over SSH or by its minion."""
        return device.server.id in self.open or self.minion_of(device) in self.answering
