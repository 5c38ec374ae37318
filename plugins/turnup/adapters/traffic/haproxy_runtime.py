"""HAProxy's Runtime API over TLS, both sides with a certificate: one connection a command, as HAProxy answers it.

The API knows no login: whoever reaches it is its master. So it lies behind a `listen` section of HAProxy's own that asks for a
client's certificate (docs/traffic.md), and turnup sends nothing to anybody whose certificate does not verify.
"""

from __future__ import annotations

import csv
import re
import socket
import ssl
import tempfile
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from turnup.domain.errors import Refused, Transient

NAME = re.compile(r"[A-Za-z0-9_.:-]+")
"""What a word of a command may be: HAProxy's own rule for names, and nothing that ends a command."""

NO_BACKEND = ("No such backend.", "Can't find backend.")
NO_SERVER = "No such server."


@dataclass(frozen=True)
class Entry:
    """One server of a backend. `admin` is HAProxy's srv_admin_state (bits), `check` and `status` are of `show stat`."""

    name: str
    address: str
    port: int
    admin: int
    weight: int
    status: str
    check: str
    said: str
    sessions: int

    @property
    def is_out(self) -> bool:
        """In maintenance, for whatever reason: forced, inherited, or because its name does not resolve."""
        return bool(self.admin & 0x63)

    @property
    def is_draining(self) -> bool:
        """Gets no new connections: forced, inherited, or because its weight is 0."""
        return bool(self.admin & 0x18) or not self.weight

    @property
    def passes(self) -> bool:
        """Its health check passed as often as it has to; without a check it never does. (`DRAIN 1/2`: once of twice.)"""
        return self.check in {"L4OK", "L6OK", "L7OK", "L7OKC"} and "/" not in self.status


def trust(ca: str | None, certificate: str, key: str) -> ssl.SSLContext:
    """A client's TLS: the authority's file (None: the system's), our certificate and key as PEM. Refused: one cannot be read."""
    try:
        context = ssl.create_default_context(cafile=ca)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # for the owner alone; ssl reads files only
            file.write(f"{certificate}\n{key}\n")
            file.flush()
            context.load_cert_chain(file.name)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise Refused(
            f"The certificates of the HAProxy connection cannot be read ({error}).",
            "correct the CA file, the certificate or its key in the connection.",
            cause="connection-incomplete",
        ) from None
    return context


class RuntimeApi:
    """One HAProxy process; `timeout` in seconds holds for every command."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self.host = host
        self._port = port
        self.context = context
        self._timeout = timeout

    def ask(self, *words: str) -> str:
        """What HAProxy answers to a command; nothing where it did it and has nothing to say. Refused: no such backend."""
        command = " ".join(words)
        try:
            with (
                socket.create_connection((self.host, self._port), self._timeout) as plain,
                self.context.wrap_socket(plain, server_hostname=self.host) as tls,
            ):
                tls.sendall(f"{command}\n".encode())
                answer = b"".join(iter(lambda: tls.recv(65536), b"")).decode(errors="replace").strip()
        except ssl.SSLCertVerificationError as error:
            raise Refused(
                f"HAProxy at {self._where} shows a certificate that does not verify ({error.verify_message}).",
                "look who answers there; correct the CA file in the HAProxy connection.",
                cause="traffic-login",
            ) from None
        except ssl.SSLError as error:
            raise _tls_refusal(self._where, error) from None
        except OSError as error:
            raise Transient(
                f"HAProxy at {self._where} does not answer ({error or type(error).__name__}).",
                "look whether it runs.",
                cause="traffic-unavailable",
            ) from None
        if answer in NO_BACKEND:
            raise Refused(
                f"HAProxy at {self._where} has no such backend: {command}",
                "correct `traffic.pools` in the site's file, or HAProxy.",
                cause="traffic-pool",
            )
        return answer

    def change(self, *words: str, may_say: str = "") -> bool:
        """Do something that answers nothing; False where it said `may_say` instead. Refused: it said anything else."""
        answer = self.ask(*words)
        if not answer:
            return True
        if may_say and answer.startswith(may_say):
            return False
        raise Refused(
            f"HAProxy at {self._where} did not do `{' '.join(words)}`: {answer}",
            "do what it says; the command is one of its Runtime API.",
            cause="traffic-refused",
        )

    def entries(self, backend: str) -> tuple[Entry, ...]:
        """Every server of a backend."""
        states = self.ask("show servers state", backend).splitlines()
        figures = {row["svname"]: row for row in csv.DictReader(self.ask("show stat", backend, "4 -1").lstrip("# ").splitlines())}
        names = next((line.lstrip("# ").split() for line in states if line.startswith("#")), [])
        rows = [dict(zip(names, line.split(), strict=False)) for line in states if not line.startswith("#") and " " in line]
        try:
            return tuple(_entry(row, figures[row["srv_name"]]) for row in rows if row["srv_name"] in figures)
        except (LookupError, ValueError):
            raise Transient(
                f"HAProxy at {self._where} did not tell of its backend {backend} as expected.",
                "look at its version: turnup knows 2.6 and newer.",
                cause="traffic-unavailable",
            ) from None

    def about(self) -> tuple[str, tuple[str, ...]]:
        """Its version, and the names of its backends."""
        info = dict(line.split(": ", 1) for line in self.ask("show info").splitlines() if ": " in line)
        backends = [line for line in self.ask("show backend").splitlines() if line and not line.startswith("#")]
        return info.get("Version", "of unknown version"), tuple(sorted(backends))

    @property
    def _where(self) -> str:
        return f"{self.host}:{self._port}"


def endpoint(address: IPv4Address | IPv6Address, port: int) -> str:
    """Address and port as `add server` wants them."""
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def _entry(state: dict[str, str], figures: dict[str, str]) -> Entry:
    seen = (figures["check_status"], figures.get("check_desc") or "", figures.get("last_chk") or "")
    return Entry(
        name=state["srv_name"],
        address=state["srv_addr"],
        port=int(state["srv_port"]),
        admin=int(state["srv_admin_state"]),
        weight=int(state["srv_uweight"]),
        status=figures["status"],
        check=figures["check_status"].lstrip("* "),
        said=", ".join(word for word in seen if word) or "no health check is set up",
        sessions=int(figures["scur"]) + int(figures["qcur"] or 0),
    )


def _tls_refusal(where: str, error: ssl.SSLError) -> Refused | Transient:
    reason = error.reason or type(error).__name__
    if "ALERT" in reason:
        return Refused(
            f"HAProxy at {where} refuses our certificate ({reason}).",
            "correct certificate and key in the HAProxy connection.",
            cause="traffic-login",
        )
    return Transient(f"HAProxy at {where} broke off TLS ({reason}).", "look at its log.", cause="traffic-unavailable")
