"""The drives of this machine, found by the prover's own look at them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from turnup.erasure import drives
from turnup.erasure.drives import Unreadable

_SECONDS = 60
_SYS = Path("/sys/block")
_SERIALS = (("device/vpd_pg80", 4), ("serial", 0))  # files of the kernel, and how many bytes come before the serial number

Devices = Mapping[tuple[str, int], Path]
"""{(serial number, size in bytes): path}"""


def present() -> Devices:
    """Every drive. Unreadable: two of them cannot be told apart."""
    done = subprocess.run([*drives.LSBLK], capture_output=True, text=True, timeout=_SECONDS, check=False)
    found: dict[tuple[str, int], Path] = {}
    for seen in drives.read(done.stdout):
        identity = seen.drive.serial or _serial(_SYS / seen.drive.device), seen.drive.size
        if identity in found:
            raise Unreadable(f"two drives have the serial number {identity[0]!r}")
        found[identity] = Path("/dev", seen.drive.device)
    return found


def _serial(device: Path) -> str:
    """Without udev lsblk does not know all of them."""
    for name, skipped in _SERIALS:
        if (device / name).is_file():
            return "".join(chr(byte) for byte in (device / name).read_bytes()[skipped:] if 32 < byte < 127)
    return ""
