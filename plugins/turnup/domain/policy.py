"""What should happen: a site's and a hardware generation's policy, as read from `inventory/`.

Durations are seconds. The files' schemas and their reading are in `adapters/policy_files.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from turnup.domain.error_budget import Allowance
from turnup.domain.notices import Event


@dataclass(frozen=True)
class Threshold:
    """The least or the most that a measured figure may be; the unit is the figure's own."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class BurnInTest:
    """One row of a burn-in profile: a test of `turnup.burnin`, how long, on how much, and what it must reach."""

    test: str
    seconds: int
    options: Mapping[str, int | str] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True)
class Hardware:
    """One hardware generation: which NetBox device types it is, which ports it has, how it boots and is tried out."""

    generation: str
    device_types: tuple[str, ...]
    management_interface: str
    bmc_interface: str
    image: str
    kernel_arguments: str
    default_burn_in: str
    burn_in: Mapping[str, tuple[BurnInTest, ...]]
    other_interfaces: tuple[str, ...] = ()
    """NICs beside the management interface that every server of the generation has; identity checks their MACs."""
    acceptance_image: str = "acceptance"
    """What is booted to wipe: the only image with code that can."""


@dataclass(frozen=True)
class Timeouts:
    """How long each wait of a flow may take, in seconds."""

    bmc_answers: int = 120
    power: int = 60
    ssh_answers: int = 600
    minion_key: int = 300
    minion_start: int = 300
    states: int = 1800
    burn_in_margin: int = 300
    enter_service: int = 120
    network_call: int = 20
    approval: int = 86400


@dataclass(frozen=True)
class Power:
    """How many servers may be switched on within `seconds` of each other, by rack and by power feed; None: no cap.

    Inrush current and fans at full speed: a rack that starts at once trips its breaker.
    """

    at_once_per_rack: int | None = None
    at_once_per_feed: int | None = None
    seconds: int = 10


@dataclass(frozen=True)
class Dhcp:
    """Which DHCP backend serves the site (a module of `adapters/dhcp/`), and the Airflow connection it uses."""

    kind: str
    connection: str | None = None


@dataclass(frozen=True)
class Pool:
    """Where a role's servers get their traffic: the load balancer's name for the pool, and the servers' port."""

    backend: str
    port: int


@dataclass(frozen=True)
class Traffic:
    """Which load balancer the site has (a module of `adapters/traffic/`), its Airflow connection, and {role: its pool}."""

    kind: str = "none"
    connection: str | None = None
    pools: Mapping[str, Pool] = field(default_factory=dict)


@dataclass(frozen=True)
class Capacity:
    """What has to go on serving when servers of a role leave: so many, and such a share (0 to 1) of the role's servers."""

    at_least: int = 1
    at_least_share: float = 0.5


@dataclass(frozen=True)
class RemovalCaps:
    """Up to here one approver is enough; above any of them a second one is needed. Shares are from 0 to 1."""

    servers_per_run: int = 4
    share_of_rack: float = 0.5
    share_of_role: float = 0.25
    share_of_site: float = 0.25
    per_day: int = 8


@dataclass(frozen=True)
class Decommission:
    """Who may say yes to taking servers out, how much at once, and how gently.

    Approvers are Airflow's user names. `people` maps NetBox's user names to them, so that who asked in NetBox does not approve in
    Airflow. Released addresses are kept `quarantine_days`; connections have `drain_seconds` to end.
    """

    approvers: tuple[str, ...] = ()
    second_approvers: tuple[str, ...] = ()
    caps: RemovalCaps = RemovalCaps()
    quarantine_days: int = 30
    drain_seconds: int = 300
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """From when on an audit calls something wrong, how much it looks at, and how many fixes one run may apply."""

    prefix_full_percent: int = 90
    waiting_key_minutes: int = 60
    staged_hours: int = 24
    failed_days: int = 7
    decommissioning_days: int = 7
    sample: int = 4
    """Servers a run whose Salt states are tried, without changing anything."""
    fixes_per_run: int = 20
    seconds: int = 120
    """That each source may take."""


EVERY_EVENT = tuple(Event)


@dataclass(frozen=True)
class Chat:
    """A chat's webhook that takes Slack's JSON: the Airflow connection that has its address, and what it is told."""

    connection: str
    events: tuple[Event, ...] = EVERY_EVENT


@dataclass(frozen=True)
class Mail:
    """E-mail: the Airflow connection of the SMTP server, to whom, and what they are told."""

    connection: str
    to: tuple[str, ...]
    events: tuple[Event, ...] = EVERY_EVENT


@dataclass(frozen=True)
class Notices:
    """Who is told what happens; nobody where there is no channel. Servers that fail within `gather_seconds` are one notice."""

    chat: Chat | None = None
    mail: Mail | None = None
    gather_seconds: int = 60

    def wants(self, event: Event) -> bool:
        """Whether anybody is told of such an event."""
        return any(one is not None and event in one.events for one in (self.chat, self.mail))


@dataclass(frozen=True)
class Site:
    """One site's policy: names, networks, connections, limits.

    `families` are the IP versions (4, 6) that a server gets addresses of on its management interface. `tenants` are NetBox's
    tenants (slugs) whose servers turnup installs here; a server without a tenant is the site's own.
    """

    site: str
    domain: str
    netbox: str
    salt: str
    redfish: str
    ssh: str
    boot: str
    boot_url: str
    images_url: str
    salt_master: str
    dhcp: Dhcp
    management_prefix_role: str
    out_of_band_prefix_role: str
    states: Mapping[str, tuple[str, ...]]
    trust_bmc_on_first_use: bool
    approval_required: bool = False
    power: Power = Power()
    timeouts: Timeouts = Timeouts()
    families: tuple[int, ...] = (4,)
    tenants: tuple[str, ...] = ()
    traffic: Traffic = Traffic()
    capacity: Mapping[str, Capacity] = field(default_factory=dict)
    decommission: Decommission = Decommission()
    signing: str | None = None
    error_budget: Allowance | None = None
    """None: runs that nobody started by hand never stop by themselves."""
    notices: Notices = Notices()
    audit: Audit = Audit()

    def capacity_of(self, role: str) -> Capacity:
        """What the role keeps when servers leave; where the site's file is silent, one server and half of them."""
        return self.capacity.get(role, Capacity())

    def why_another_owner(self, tenant: str | None) -> str | None:
        """None where turnup may install this tenant's servers here; else the reason, for a person."""
        if tenant is None or tenant in self.tenants:
            return None
        return f"belongs to the tenant {tenant!r}, whose servers turnup does not install here."

    def is_ours(self, role: str, tenant: str | None) -> bool:
        """Whether a device of this role and tenant is turnup's at this site; it leaves all others alone."""
        return role in self.states and self.why_another_owner(tenant) is None


@dataclass(frozen=True)
class Policy:
    """The site's policy and every hardware generation, as the planner needs them."""

    site: Site
    hardware: tuple[Hardware, ...]

    def hardware_of(self, device_type: str) -> Hardware | None:
        """The generation that a NetBox device type belongs to."""
        return next((hardware for hardware in self.hardware if device_type in hardware.device_types), None)
