"""What a step may ask of the outside world: small Protocols, one noun each.

`adapters` speak to the real thing, `fakes` stand in for it in unit tests, and one contract suite (tests/contract) runs over both.
Every method may raise `Transient` (try again), and what its docstring names. Every call ends within a timeout.
Everything that changes something may be called twice. One long file on purpose: all that a step can ask for, in one read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from turnup.domain.fleet import Fleet
from turnup.domain.holds import Hold
from turnup.domain.leases import Lease as Lease  # noqa: PLC0414 -- whoever asks a Dhcp takes them from here
from turnup.domain.leases import Reservation as Reservation  # noqa: PLC0414
from turnup.domain.servers import Address, Server, Snapshot
from turnup.domain.wishes import Placed, Start, StatusChange


@dataclass(frozen=True)
class AddressRequest:
    """One address wanted on an interface. `description` names the run."""

    interface_id: int
    dns_name: str
    description: str


@dataclass(frozen=True)
class PrimaryAddresses:
    """Which addresses become a device's primary and out-of-band ones (NetBox ids); None leaves what it has."""

    device_id: int
    primary_ip4: int | None = None
    oob_ip: int | None = None
    primary_ip6: int | None = None


@dataclass(frozen=True)
class DeviceWrite:
    """Fields of a device to change; a field left None is not touched, an empty string clears it."""

    status: str | None = None
    claim: str | None = None
    cause: str | None = None
    bmc_certificate: str | None = None
    last_run: str | None = None
    leaving_since: str | None = None
    tags: tuple[str, ...] | None = None
    """All that it has afterwards."""


@dataclass(frozen=True)
class JournalEntry:
    """A line in a device's journal. `kind` is NetBox's: info, success, warning or danger."""

    device_id: int
    kind: str
    comments: str


class Inventory(Protocol):
    """NetBox: what there is, and who holds it."""

    def holds(self) -> tuple[Hold, ...]:
        """Every hold that is set, at any site. What was read up to thirty seconds ago may be answered again."""
        ...

    def snapshot(self, site: str, rack: str) -> Snapshot:
        """Read one rack (site slug, rack name) without its `dhcp_subnets`. Refused: unknown or ambiguous site or rack."""
        ...

    def device(self, device_id: int) -> Server:
        """Read one device's own fields as they are now; its interfaces stay empty. Refused: no such device."""
        ...

    def devices(self, site: str, names: Sequence[str]) -> tuple[Server, ...]:
        """Every device of these names at the site (slug), without interfaces. Names that are not there are left out."""
        ...

    def site_servers(self, site: str) -> tuple[Server, ...]:
        """Every device of the site (slug), switches and other owners' servers too, without interfaces."""
        ...

    def holders(self, serial: str) -> tuple[str, ...]:
        """How to find every device of this serial number, at any site: name, site, rack, position."""
        ...

    def write(self, device_id: int, version: str, change: DeviceWrite, message: str) -> str:
        """Change a device if it is still at `version`; answers its new version. Conflict: it moved on.

        The answer may get lost: where the device is found to have the wanted values already, that counts as done.
        """
        ...

    def addresses_on(self, interface_ids: Sequence[int]) -> tuple[Address, ...]:
        """Every address assigned to these interfaces."""
        ...

    def macs(self, interface_ids: Sequence[int]) -> Mapping[int, str | None]:
        """{interface id: its MAC}; an interface that is gone is not in it."""
        ...

    def allocate(self, prefix_id: int, requests: Sequence[AddressRequest]) -> tuple[Address, ...]:
        """Take that many free addresses from the prefix in one request, in the requests' order. Refused: not enough left."""
        ...

    def release(self, address_ids: Sequence[int], message: str) -> None:
        """Delete these addresses; what is gone already is no error."""
        ...

    def retire(self, device_id: int, address_ids: Sequence[int], why: str, message: str) -> None:
        """Take these addresses off the device, as `deprecated` and with `why` as description: nobody is given them again.

        What is gone already is no error.
        """
        ...

    def set_primary(self, addresses: Sequence[PrimaryAddresses], message: str) -> None:
        """Set primary and out-of-band addresses of many devices in one request. All or none."""
        ...

    def set_rack_status(self, rack_id: int, status: str, message: str) -> None:
        """Set a rack's status."""
        ...

    def rack_servers(self, rack_id: int) -> tuple[Server, ...]:
        """Every device in the rack, switches and other owners' servers too, without interfaces."""
        ...

    def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Append to the journals of many devices in one request."""
        ...


class Facts(Protocol):
    """NetBox from far away: every site, rack and device in a few fields."""

    @property
    def url(self) -> str:
        """Where people find it."""
        ...

    def whole(self) -> Fleet:
        """All of it."""
        ...

    def since(self, fleet: Fleet) -> Fleet:
        """The fleet with what changed in NetBox meanwhile. What was deleted may stay in it."""
        ...


class Changes(Protocol):
    """NetBox's changelog, as far as statuses of devices go: who set which to what, in which request."""

    def own_user(self) -> str:
        """The name of the user that turnup itself is in this NetBox."""
        ...

    def of_request(self, request_id: str) -> tuple[StatusChange, ...]:
        """The statuses that a request (its UUID) changed, by id."""
        ...

    def after(self, change_id: int, device_ids: Sequence[int]) -> tuple[StatusChange, ...]:
        """How the statuses of these devices changed after the change of this id, by id."""
        ...

    def standing(self, statuses: Sequence[str], since: datetime) -> tuple[StatusChange, ...]:
        """How the statuses of devices changed since then, by id.

        Of those that have one of these now and are held by no run, and of those that turnup put back since.
        """
        ...

    def placed(self, device_ids: Sequence[int]) -> Mapping[int, Placed]:
        """{id: the device as it is now}; one that is gone is not in it."""
        ...


@dataclass(frozen=True)
class Started:
    """A run that there is, with the names of the servers that it was started for."""

    run_id: str
    servers: tuple[str, ...]


@dataclass(frozen=True)
class NewRun:
    """A run to be created: its parameters as the DAG's form has them, in whose name (Airflow's user name), and why."""

    dag_id: str
    run_id: str
    parameters: Mapping[str, object]
    by: str
    note: str


class Runs(Protocol):
    """Airflow's runs, as who starts them sees them."""

    def started(self, dag_id: str, run_id: str) -> tuple[Started, ...]:
        """The DAG's run of this id, and those whose ids go on from it with two underscores."""
        ...

    def ready(self, dag_id: str) -> None:
        """Return where a run of the DAG could be created now. Transient: it could not."""
        ...

    def paused(self, dag_id: str) -> bool:
        """Whether the DAG's runs are created, and wait until somebody unpauses it."""
        ...

    def start(self, start: Start) -> bool:
        """Create the run that NetBox wished, as `create` does."""
        ...

    def create(self, run: NewRun) -> bool:
        """Create the run, queued. False: there is one of this id. Refused: the DAG does not take its parameters."""
        ...


class Dhcp(Protocol):
    """The DHCP server of one site."""

    def subnets(self) -> Mapping[str, int]:
        """{prefix: subnet id} of what it serves."""
        ...

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        """Make these reservations, in place of any that their MACs have in the same subnet.

        Refused: address outside its subnet, unknown subnet, or the address is reserved for another MAC. All or none.
        """
        ...

    def release(self, reservations: Sequence[Reservation]) -> None:
        """Remove the reservations of these MACs in these subnets, and their leases; what is gone already is no error."""
        ...

    def reservations(self, macs: Sequence[str]) -> tuple[Reservation, ...]:
        """What is reserved for these MACs."""
        ...

    def leases(self, macs: Sequence[str]) -> tuple[Lease, ...]:
        """What the server gave these MACs, oldest first, as far as it still knows. Refused: it cannot tell."""
        ...

    def every_reservation(self) -> tuple[Reservation, ...]:
        """All that is reserved for MACs, also by others, also what makes no sense."""
        ...

    def every_lease(self) -> tuple[Lease, ...]:
        """All that is given at this moment, in pages. Refused: it cannot tell."""
        ...


@dataclass(frozen=True)
class Returned:
    """What a minion returned for a job: Salt's own `success`, `retcode` and `return`."""

    success: bool
    retcode: int
    value: object


class ConfigManagement(Protocol):
    """The Salt master of one site. Minions are named by their exact id, never by a pattern."""

    def waiting_key(self, minion_id: str) -> str | None:
        """SHA-256 (hex, of the DER form) of the key that this minion offers and nobody accepted yet."""
        ...

    def accepted_key(self, minion_id: str) -> str | None:
        """SHA-256 (hex, of the DER form) of this minion's accepted key."""
        ...

    def accept_key(self, minion_id: str) -> None:
        """Accept the waiting key of exactly this minion."""
        ...

    def delete_key(self, minion_id: str) -> None:
        """Delete every key of exactly this minion; none is no error."""
        ...

    def is_up(self, minion_id: str) -> bool:
        """Whether the minion answers now. Asks the minion; do not call it in a tight loop."""
        ...

    def submit(self, minion_id: str, function: str, arguments: Sequence[object], keywords: Mapping[str, object]) -> str:
        """Start a function on exactly this minion; answers the job id. Refused: the account may not call it."""
        ...

    def returned(self, job_id: str, minion_id: str) -> Returned | None:
        """What the minion returned for the job, None while it has not. Asks the master, not the minion."""
        ...


@dataclass(frozen=True)
class System:
    """What a BMC says of its server. `power` is Redfish's PowerState: On, Off, PoweringOn, PoweringOff."""

    serial: str
    power: str
    macs: tuple[str, ...] = ()


class Bmc(Protocol):
    """One server's BMC, reached at its out-of-band address."""

    def certificate(self) -> str:
        """SHA-256 (hex) of the TLS certificate that it shows. Sends no credential."""
        ...

    def trust(self, certificate: str) -> None:
        """From now on talk to a BMC with exactly this certificate. Before it, nothing below sends anything: Refused."""
        ...

    def system(self) -> System:
        """Who it is and whether it is on. HardwareFault: the password is wrong; the certificate is another one than trusted."""
        ...

    def boot_from_network_once(self) -> None:
        """At the next start, boot from the network, once."""
        ...

    def power_on(self) -> None:
        """Switch it on. The answer proves nothing: look at `system` for the effect."""
        ...

    def power_off(self) -> None:
        """Switch it off, forcibly. The answer proves nothing: look at `system` for the effect."""
        ...

    def events(self) -> tuple[str, ...]:
        """Its event log's last 20 or so, oldest first: time (ISO 8601, UTC), severity, message. () where it keeps none."""
        ...

    def console(self) -> tuple[str, ...]:
        """The last 20 lines or so that the server printed, oldest first; what it repeats is there once. () where none is kept."""
        ...


@dataclass(frozen=True)
class Completed:
    """How a remote command ended."""

    exit_status: int
    stdout: str
    stderr: str


class Shell(Protocol):
    """A root login on one booted server over SSH."""

    def answers(self) -> bool:
        """Whether SSH accepts the login now. HardwareFault: it answers and refuses our key, or shows another host key."""
        ...

    def host_key(self) -> str:
        """The host key that it shows, as OpenSSH's `SHA256:...` fingerprint."""
        ...

    def run(self, command: Sequence[str], timeout: float) -> Completed:
        """Run one command, its words quoted; `timeout` is in seconds."""
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...


class BootFiles(Protocol):
    """The boot scripts that the site's boot web server serves as `<mac>.ipxe`."""

    def write(self, mac: str, script: str) -> None:
        """Serve this script to this MAC from now on."""
        ...

    def remove(self, mac: str) -> None:
        """Serve none: the firmware boots as usual."""
        ...

    def read(self, mac: str) -> str | None:
        """What is served to this MAC."""
        ...

    def macs(self) -> tuple[str, ...]:
        """Every MAC that something is served to, sorted."""
        ...


class Records(Protocol):
    """One run's folder in the report store: write-once files, each kept with its SHA-256."""

    def write(self, name: str, content: bytes) -> str:
        """Keep the content under the name; answers its SHA-256.

        The same again is no error. Conflict: another content is there.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """The content, None where there is none. Refused: the file was changed after it was written."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of what is kept below a folder, sorted."""
        ...


class Slots(Protocol):
    """How many at once, counted for all runs together: power-ons of a rack, for instance."""

    def take(self, limits: Mapping[str, int], holder: str, seconds: float) -> bool:
        """Have a slot of each name in `limits` {name: how many there are} for so many seconds, all or none.

        False while one of them is taken as often as its limit says. A holder counts once a name, however often it asks.
        """
        ...

    def give(self, names: Sequence[str], holder: str) -> None:
        """Give the holder's slots of these names back before their time; who has none gives none."""
        ...


@dataclass(frozen=True)
class Target:
    """A server as the load balancer is told of it: its role, the host name of its plan, and its primary address (no prefix).

    Who has that name or that address in the pool of the role is meant: pools that somebody else filled use names of their own.
    """

    role: str
    hostname: str
    address: str


class InPool(StrEnum):
    """Where a server is in the pool of its role. With several load balancers, what is so at all of them, else the worse."""

    ABSENT = "absent"
    """Not in the pool, or no such pool."""
    OUT = "out"
    """In the pool, and taken out of service: it gets nothing."""
    DRAINING = "draining"
    """Gets no new connections, those that it has go on; or it enters, and its health check did not pass yet."""
    WAITING = "waiting"
    """In rotation, and gets nothing all the same: its health check fails."""
    SERVING = "serving"
    """In rotation, and its health check passes."""


@dataclass(frozen=True)
class Membership:
    """How a server stands in its pool; `said` is what the health check saw last, for a person."""

    state: InPool
    connections: int = 0
    said: str = ""


@dataclass(frozen=True)
class Serving:
    """One server that really serves: in rotation, its health check passes. `name` is the load balancer's for it."""

    name: str
    address: str


class Traffic(Protocol):
    """The load balancers of one site. A role without a pool has nothing to drain or to leave, and nobody of it serves."""

    def enter(self, target: Target) -> None:
        """Put it into the pool, and into rotation if its health check passes. Ask again, and look at `state`, until it serves.

        So a server that was drained or taken out comes back. Refused: the role has no pool here, the load balancer knows no such
        pool, or will not take the server. Conflict: another address has its name there.
        """
        ...

    def drain(self, target: Target) -> None:
        """Give it no new connections; those that it has go on. Who is not in the pool is no error, and stays outside."""
        ...

    def leave(self, target: Target) -> None:
        """Take it out of the pool altogether, and cut connections that are left. Who is not in the pool is no error."""
        ...

    def connections(self, target: Target) -> int:
        """How many connections or requests it bears now, by the load balancers' count; 0 where it is not in the pool."""
        ...

    def state(self, target: Target) -> Membership:
        """How it stands in the pool of its role."""
        ...

    def serving(self, role: str) -> tuple[Serving, ...]:
        """Who really serves in the role's pool now, each address once, sorted by it. Without a health check nobody does."""
        ...


class Signer(Protocol):
    """The keys of a site. Which one signs is told by the kind of the document (`erasure.orders.KIND`, `erasure.certificates`)."""

    def sign(self, kind: str, document: Mapping[str, Any]) -> bytes:
        """The signed document, as JSON to be kept. Refused: there is no key for it."""
        ...

    def public_key(self, kind: str) -> str:
        """What signatures of this kind are checked with, in PEM. Refused: there is no key for it."""
        ...


class BmcAt(Protocol):
    """How a step gets at the BMC of an address."""

    def __call__(self, address: str) -> Bmc:
        """The BMC there; opens no connection yet."""
        ...


class ShellAt(Protocol):
    """How a step gets at the shell of an address. `host_key`, once known, is the only one accepted."""

    def __call__(self, address: str, host_key: str | None = None) -> Shell:
        """The shell there; opens no connection yet."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that a step may use."""

    inventory: Inventory
    dhcp: Dhcp
    salt: ConfigManagement
    bmc: BmcAt
    shell: ShellAt
    boot_files: BootFiles
    records: Records
    slots: Slots
    traffic: Traffic
    signer: Signer
