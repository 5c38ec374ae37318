"""What a DHCP server was told, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reservation:
    """A MAC address, and what the DHCP server tells it. `boot_file` is a URL, for ports that netboot."""

    subnet_id: int
    mac: str
    ip: str
    hostname: str
    boot_file: str | None = None


@dataclass(frozen=True)
class Lease:
    """An address that a MAC was given, and when the DHCP server last heard from it (in UTC)."""

    mac: str
    ip: str
    seen: datetime
