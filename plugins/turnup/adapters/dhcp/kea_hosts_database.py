"""Kea before 3.0: reservations by SQL in its hosts database, which serves them at the next DISCOVER.

SQL passes Kea's own checks by: an address outside its subnet would be handed out without a word. So every change goes through
here, one at a time, checks membership and uniqueness, and knows the schema it writes to.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from turnup.adapters.dhcp.kea_control import OK, UNSUPPORTED, KeaControl
from turnup.domain.errors import Problem, Refused, Transient
from turnup.ports import Dhcp, Lease, Reservation

KIND = "kea_hosts_database"

SCHEMAS = {(13, 0)}  # Kea 2.2
HARDWARE_ADDRESS = 0  # dhcp_identifier_type
BOOT_FILE_LENGTH = 128
LEASES_IN_A_PAGE = 1000
ONE_WRITER = 0x7475726E7570  # advisory lock: "turnup"

log = logging.getLogger(__name__)


class KeaHostsDatabase:
    """The `Dhcp` port. `database` is the hosts database's URL or connection string, `timeout` in seconds holds for every call."""

    def __init__(self, control_url: str, username: str, password: str, database: str, timeout: float = 20.0) -> None:
        self._control = KeaControl(control_url, username, password, timeout)
        self._database = database
        self._timeout = timeout

    def subnets(self) -> Mapping[str, int]:
        """{prefix: subnet id}, shared networks included, from the running server."""
        _, arguments = self._control.command("config-get")
        try:
            dhcp4 = arguments["Dhcp4"]
            groups = [dhcp4, *dhcp4.get("shared-networks", [])]
            return {subnet["subnet"]: int(subnet["id"]) for group in groups for subnet in group.get("subnet4", [])}
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Transient(
                "Kea's config-get names no subnets as expected.", "Look at Kea's configuration.", cause="dhcp-unavailable"
            ) from None

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        """One transaction: the MACs' old reservations in these subnets go, the new ones come."""
        if not reservations:
            return
        served = {number: IPv4Network(prefix) for prefix, number in self.subnets().items()}
        _refuse([*_misplaced(reservations, served), *_twice(reservations)])
        with self._writing() as connection:
            cursor = connection.cursor()
            cursor.executemany(DELETE, [_key(reservation) for reservation in reservations])
            _refuse(_taken(cursor, reservations))
            cursor.executemany(INSERT, [_row(reservation) for reservation in reservations])

    def release(self, reservations: Sequence[Reservation]) -> None:
        """Reservations first, in one transaction; then the leases, where Kea has its hook for them."""
        if not reservations:
            return
        with self._writing() as connection:
            connection.cursor().executemany(DELETE, [_key(reservation) for reservation in reservations])
        for reservation in reservations:
            who = {"identifier-type": "hw-address", "identifier": reservation.mac, "subnet-id": reservation.subnet_id}
            result, _ = self._control.command("lease4-del", who)
            if result == UNSUPPORTED:
                log.warning(
                    "Kea has no hook lease_cmds: the leases of %d reservations stay until they expire.", len(reservations)
                )
                return

    def reservations(self, macs: Sequence[str]) -> tuple[Reservation, ...]:
        """Sorted by MAC and subnet."""
        with self._connection() as connection:
            return _read_reservations(connection.execute(SELECT, (HARDWARE_ADDRESS, [_identifier(mac) for mac in macs])))

    def every_reservation(self) -> tuple[Reservation, ...]:
        """Sorted by MAC and subnet; one query. A row without an address is none."""
        with self._connection() as connection:
            return _read_reservations(connection.execute(EVERY, (HARDWARE_ADDRESS,)))

    def every_lease(self) -> tuple[Lease, ...]:
        """By Kea's hook for leases, by address, so many in a page. Refused: it is not loaded."""
        found: list[Lease] = []
        last = "start"
        while True:
            result, arguments = self._control.command("lease4-get-page", {"from": last, "limit": LEASES_IN_A_PAGE})
            if result == UNSUPPORTED:
                raise _no_leases()
            if result != OK:
                break
            page = list(_read_leases(arguments))
            found += page
            if len(page) < LEASES_IN_A_PAGE:
                break
            last = page[-1].ip
        return tuple(found)

    def leases(self, macs: Sequence[str]) -> tuple[Lease, ...]:
        """By Kea's hook for leases. Refused: it is not loaded, so nobody can tell."""
        found: list[Lease] = []
        for mac in macs:
            result, arguments = self._control.command("lease4-get-by-hw-address", {"hw-address": mac})
            if result == UNSUPPORTED:
                raise _no_leases()
            if result == OK:
                found += _read_leases(arguments)
        return tuple(sorted(found, key=lambda lease: lease.seen))

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        milliseconds = int(1000 * self._timeout)
        options = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        try:
            with psycopg.connect(
                self._database, connect_timeout=max(2, int(self._timeout)), options=options, tcp_user_timeout=milliseconds
            ) as connection:
                version = connection.execute("SELECT version, minor FROM schema_version").fetchone()
                if version not in SCHEMAS:
                    known = ", ".join(f"{major}.{minor}" for major, minor in sorted(SCHEMAS))
                    found = "none" if version is None else ".".join(map(str, version))
                    raise Refused(
                        f"Kea's hosts database has the schema {found}, turnup knows {known}.",
                        "Do not upgrade Kea under turnup: use a turnup that knows this schema, or Kea's host commands.",
                        cause="dhcp-backend",
                    )
                yield connection
        except psycopg.errors.UndefinedTable:
            raise Refused(
                "The database in the Kea connection is no hosts database of Kea.",
                "Make one with kea-admin db-init.",
                cause="dhcp-backend",
            ) from None
        except psycopg.Error as error:
            reason = error.diag.message_primary or " ".join(str(error).split())[:300] or type(error).__name__
            raise Transient(
                f"Kea's hosts database failed: {reason}.",
                "Look whether PostgreSQL runs and its login is right.",
                cause="dhcp-unavailable",
            ) from None

    @contextmanager
    def _writing(self) -> Iterator[psycopg.Connection]:
        """A transaction that no other one of turnup's runs beside: the schema itself does not keep addresses unique."""
        with self._connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (ONE_WRITER,))
            yield connection


DELETE = "DELETE FROM hosts WHERE dhcp_identifier_type = %s AND dhcp_identifier = %s AND dhcp4_subnet_id = %s"
INSERT = """
    INSERT INTO hosts (dhcp_identifier_type, dhcp_identifier, dhcp4_subnet_id, ipv4_address, hostname, dhcp4_boot_file_name)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
SELECT = """
    SELECT dhcp4_subnet_id, dhcp_identifier, ipv4_address, hostname, dhcp4_boot_file_name FROM hosts
    WHERE dhcp_identifier_type = %s AND dhcp_identifier = ANY(%s) AND dhcp4_subnet_id IS NOT NULL
    ORDER BY dhcp_identifier, dhcp4_subnet_id
"""
EVERY = """
    SELECT dhcp4_subnet_id, dhcp_identifier, ipv4_address, hostname, dhcp4_boot_file_name FROM hosts
    WHERE dhcp_identifier_type = %s AND dhcp4_subnet_id IS NOT NULL AND ipv4_address IS NOT NULL
    ORDER BY dhcp_identifier, dhcp4_subnet_id
"""
TAKEN = "SELECT dhcp4_subnet_id, ipv4_address, dhcp_identifier FROM hosts WHERE ipv4_address = ANY(%s)"


def _no_leases() -> Refused:
    return Refused("Kea has no hook lease_cmds to ask for leases.", "Load it in Kea's configuration.", cause="dhcp-backend")


def _read_reservations(rows: psycopg.Cursor) -> tuple[Reservation, ...]:
    return tuple(
        Reservation(subnet, bytes(mac).hex(":"), str(IPv4Address(address or 0)), hostname or "", boot_file or None)
        for subnet, mac, address, hostname, boot_file in rows
    )


def _read_leases(arguments: Any) -> Iterator[Lease]:
    """`cltt` is the client's last transmission time, in seconds since 1970."""
    try:
        for lease in arguments["leases"]:
            seen = datetime.fromtimestamp(int(lease["cltt"]), UTC)
            yield Lease(str(lease["hw-address"]).lower(), str(IPv4Address(lease["ip-address"])), seen)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Transient(
            "Kea names no leases as expected.", "Look at the version of its hook lease_cmds.", cause="dhcp-unavailable"
        ) from None


def _identifier(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _key(reservation: Reservation) -> tuple[int, bytes, int]:
    return HARDWARE_ADDRESS, _identifier(reservation.mac), reservation.subnet_id


def _row(reservation: Reservation) -> tuple[object, ...]:
    return *_key(reservation), int(IPv4Address(reservation.ip)), reservation.hostname, reservation.boot_file


def _misplaced(reservations: Sequence[Reservation], served: Mapping[int, IPv4Network]) -> Iterator[Problem]:
    for reservation in reservations:
        subnet = served.get(reservation.subnet_id)
        if subnet is None:
            yield Problem(reservation.mac, f"Kea serves no subnet {reservation.subnet_id}.", f"It serves {sorted(served)}.")
        elif IPv4Address(reservation.ip) not in subnet:
            yield Problem(reservation.mac, f"{reservation.ip} is not in {subnet} (subnet {reservation.subnet_id}).")
        if len(reservation.boot_file or "") > BOOT_FILE_LENGTH:
            yield Problem(
                reservation.mac, f"Kea takes boot file names of at most {BOOT_FILE_LENGTH} characters.", "Shorten the URL."
            )


def _twice(reservations: Sequence[Reservation]) -> Iterator[Problem]:
    for (subnet, ip), count in Counter((each.subnet_id, each.ip) for each in reservations).items():
        if count > 1:
            yield Problem(ip, f"is wanted {count} times in subnet {subnet}.")
    for (subnet, mac), count in Counter((each.subnet_id, each.mac) for each in reservations).items():
        if count > 1:
            yield Problem(mac, f"is to have {count} reservations in subnet {subnet}.")


def _taken(cursor: psycopg.Cursor, reservations: Sequence[Reservation]) -> Iterator[Problem]:
    wanted = {(each.subnet_id, int(IPv4Address(each.ip))): each for each in reservations}
    for subnet, address, identifier in cursor.execute(TAKEN, ([address for _, address in wanted],)):
        if reservation := wanted.get((subnet, address)):
            holder = bytes(identifier).hex(":")
            yield Problem(reservation.mac, f"{reservation.ip} is reserved for {holder}.", "Release that one, or correct NetBox.")


def _refuse(problems: Iterator[Problem] | Sequence[Problem]) -> None:
    found = tuple(problems)
    if found:
        lines = "\n".join(f"  - {problem}" for problem in found)
        raise Refused(f"No reservation was made, {len(found)} problem(s):\n{lines}", cause="dhcp-address-taken")


def connect(settings: Mapping[str, Any], timeout: float) -> Dhcp:
    """The connection is the hosts database's; its extra holds the control agent's `control_url`, `_username`, `_password`."""
    extra = settings.get("extra") or {}
    names = ("control_url", "control_username", "control_password")
    missing = [name for name in ("host", "schema", "login") if not settings.get(name)] + [
        f"{name} in its extra" for name in names if not extra.get(name)
    ]
    if missing:
        raise Refused(
            f"The Kea connection lacks {', '.join(missing)}.",
            "Add them to the site's Kea connection.",
            cause="connection-incomplete",
        )
    database = make_conninfo(
        host=settings["host"],
        port=settings.get("port") or 5432,
        dbname=settings["schema"],
        user=settings["login"],
        password=settings.get("password") or None,
    )
    control_url, username, password = (str(extra[name]) for name in names)
    return KeaHostsDatabase(control_url, username, password, database, timeout)
