"""Whether NetBox and those who learned from it (DHCP reservations, Salt keys, runs, boot scripts, disks) began together.

NetBox begins anew when its seed or its version changes. What the others keep is then of servers that NetBox calls planned and
of addresses that it calls free. A file says so until they began anew as well, also over an `up` that was broken off.
"""

from __future__ import annotations

from pathlib import Path

from lab import paths

_FILE = paths.VAR / "slate-is-not-clean"


def spoil(file: Path = _FILE) -> None:
    """NetBox begins anew now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def is_clean(file: Path = _FILE) -> bool:
    """Whether nothing is left of an earlier NetBox."""
    return not file.exists()


def wiped(file: Path = _FILE) -> None:
    """Everybody began anew."""
    file.unlink(missing_ok=True)
