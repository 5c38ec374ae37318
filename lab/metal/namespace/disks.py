"""The disks of a server: sparse files behind loop devices."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.datacenter import SITE, Server

NAMES = ("vda", "vdb")
SCRATCH = "vdb"  # below /var/tmp of a server with the fault slow-disk; the others have it in memory
_DELETED = " (deleted)"
_DISK = re.compile(rf"/var/metal/{SITE}-r\d+-n\d\d/vd[ab]\.img( \(deleted\))?$")
SIZE = 256 * 1024 * 1024  # bytes each


@dataclass(frozen=True)
class Label:
    """What is printed on a disk, and the slot that it is in."""

    model: str
    serial: str
    slot: str


def label(server: Server, name: str) -> Label:
    """Of a server's disk."""
    number = NAMES.index(name) + 1
    return Label("LABMETAL D256", f"{server.serial}D{number}", str(number))


def attach(file: Path) -> Path:
    """The file is a disk of `SIZE`; returns its loop device, the same one where it had one."""
    if not file.exists() or file.stat().st_size != SIZE:
        with file.open("ab") as disk:
            disk.truncate(SIZE)
    device = device_of(file)
    return device or Path(_losetup("--find", "--show", str(file)))


def device_of(file: Path) -> Path | None:
    """The loop device that the file is behind, or None."""
    shown = _losetup("--noheadings", "--output", "NAME", "--associated", str(file)) if file.exists() else ""
    return Path(shown.split()[0]) if shown else None


def detach(file: Path) -> None:
    """No loop device holds the file."""
    if device := device_of(file):
        _losetup("--detach", str(device))


def detach_strays(living: Path | None = None) -> None:
    """No loop device holds a disk of a lab that is gone, be its file deleted or not; those in folder `living` stay."""
    for device in json.loads(_losetup("--json", "--list") or "{}").get("loopdevices", []):
        file = str(device.get("back-file") or "")
        kept = living is not None and file.startswith(f"{living.resolve()}/") and not file.endswith(_DELETED)
        if _DISK.search(file) and not kept:
            _losetup("--detach", device["name"])


def blank(file: Path) -> None:
    """The disk is as it left the factory: nothing but zeros."""
    os.truncate(file, 0)
    os.truncate(file, SIZE)
    if device := device_of(file):
        subprocess.run(["blockdev", "--flushbufs", str(device)], capture_output=True, check=False)


def _losetup(*arguments: str) -> str:
    done = subprocess.run(["losetup", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"losetup {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()
