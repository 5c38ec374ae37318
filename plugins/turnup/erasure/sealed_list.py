"""The sealed list: which servers, with which drives, a run may ever erase. Pure.

It is taken from the plan that was approved, whose own hash the certificates name beside it: whoever checks a certificate needs
this list, and not all of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from turnup.erasure import canonical


@dataclass(frozen=True)
class ListedDrive:
    """One drive, as the running server had it."""

    serial: str
    size: int
    model: str

    @property
    def identity(self) -> tuple[str, int]:
        """By what it is known."""
        return self.serial, self.size


@dataclass(frozen=True)
class ListedServer:
    """One server and its drives. `unit` is its position in words ("U7"), `serial` its own."""

    name: str
    serial: str
    asset_tag: str
    rack: str
    unit: str
    drives: tuple[ListedDrive, ...]


@dataclass(frozen=True)
class SealedList:
    """One run's list."""

    run: str
    site: str
    servers: tuple[ListedServer, ...]

    def document(self) -> dict[str, Any]:
        """As it is kept and hashed."""
        listed = [asdict(server) | {"drives": [asdict(drive) for drive in server.drives]} for server in self.servers]
        return {"run": self.run, "site": self.site, "servers": listed}

    @property
    def sha256(self) -> str:
        """By which orders and certificates name it: of the canonical JSON, not of a file's bytes."""
        return canonical.sha256(self.document())

    def server(self, serial: str) -> ListedServer | None:
        """The sealed server of that serial number."""
        return next((server for server in self.servers if server.serial == serial), None)


def read(document: Mapping[str, Any]) -> SealedList:
    """The seal that was kept. NotCanonical: it is none, or names something twice."""
    try:
        servers = tuple(
            ListedServer(**{**server, "drives": tuple(ListedDrive(**drive) for drive in server["drives"])})
            for server in document["servers"]
        )
        found = SealedList(str(document["run"]), str(document["site"]), servers)
    except (KeyError, TypeError) as error:
        raise canonical.NotCanonical(f"no seal: {error!r}") from error
    if found.document() != document:
        raise canonical.NotCanonical("no seal: it has more, or other, than a seal has")
    drives = [drive.serial for server in servers for drive in server.drives]
    for what, names in (("server", [server.serial for server in servers]), ("drive", drives)):
        if len(set(names)) != len(names) or not all(name.strip() for name in names):
            raise canonical.NotCanonical(f"a seal with a {what} twice, or without a serial number")
    return found
