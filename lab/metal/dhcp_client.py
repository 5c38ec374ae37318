"""Debian's dhclient, as the firmware, the images and the BMCs run it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import paths

IMAGE = Path(__file__).with_name("image")
SCRIPT = IMAGE / "usr/lib/turnup/dhclient-script"
CONFIGURATION = IMAGE / "usr/lib/turnup/dhclient.conf"


def program() -> Path:
    """A copy of dhclient: AppArmor's profile for it, where there is one, would keep it from the lab's files."""
    source, copy = Path(shutil.which("dhclient") or "/usr/sbin/dhclient"), paths.VAR / "dhcp-client" / "dhclient"
    if not copy.exists() or copy.stat().st_mtime < source.stat().st_mtime:
        copy.parent.mkdir(parents=True, exist_ok=True)
        new = copy.with_suffix(".new")
        shutil.copy2(source, new)
        new.replace(copy)
    return copy


def command(interface: str, folder: Path, *options: str, configuration: Path = CONFIGURATION) -> list[str]:
    """Asks for an address on `interface`; the lease's values are in `folder`/lease when there is one."""
    return [
        str(program()),
        *options,
        *("-v", "-cf", str(configuration), "-sf", str(SCRIPT)),
        *("-pf", str(folder / "dhclient.pid"), "-lf", str(folder / "dhclient.leases")),
        *("-e", f"LEASE={folder / 'lease'}", interface),
    ]


def lease(folder: Path) -> dict[str, str]:
    """What the server was given, by dhclient's names (`ip_address`, `host_name`, `filename`); empty without a lease."""
    try:
        lines = (folder / "lease").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
