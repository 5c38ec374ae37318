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
BOOT = "vda"  # what an operating system is installed on
FAULTY = "vda"  # what the faults disk-read-only and disk-failing are about
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
    if device := device_of(file):
        return device
    device = Path(_losetup("--find", "--show", str(file)))
    protect(device, on=False)  # the device keeps that from whoever had it before
    return device


def protect(device: Path, *, on: bool) -> None:
    """Whether the disk takes no writes."""
    subprocess.run(["blockdev", "--setro" if on else "--setrw", str(device)], capture_output=True, check=False)


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


def put_failing(file: Path) -> None:
    """In this process's mount namespace the disk is another one of its size, blank, with room for a quarter of that."""
    folder = file.parent / "failing"
    folder.mkdir(exist_ok=True)
    for words in (("-t", "tmpfs", "-o", f"size={SIZE // 4}", "tmpfs", folder), ("--bind", folder / file.name, file)):
        (folder / file.name).touch()
        subprocess.run(["mount", "-n", *map(str, words)], check=True, stdin=subprocess.DEVNULL)
    _note(file).write_text(str(attach(file)))


def take_failing_out(file: Path) -> None:
    """No loop device holds the disk that `put_failing` put there; its file went with the server."""
    note = _note(file)
    if note.exists():
        device = Path(note.read_text())
        held = Path("/sys/block", device.name, "loop/backing_file")
        text = held.read_text().strip() if held.exists() else ""
        if text in ("/", str(file)) and device != device_of(file):  # else somebody else has it by now
            _losetup("--detach", str(device))
        note.unlink()


def _note(file: Path) -> Path:
    return file.with_suffix(".failing")


_BOOTABLE = b"LABMETAL BOOT SECTOR"


def make_bootable(file: Path) -> None:
    """An operating system is on the disk: it begins as such disks do."""
    if not bootable(file):
        with file.open("r+b") as disk:
            disk.write(_BOOTABLE)
        _flush(file)


def bootable(file: Path) -> bool:
    """Whether an operating system is on the disk. The rest of it is in the flash, and nothing without this."""
    with file.open("rb") as disk:
        return disk.read(len(_BOOTABLE)) == _BOOTABLE


def blank(file: Path) -> None:
    """The disk is as it left the factory: nothing but zeros."""
    os.truncate(file, 0)
    os.truncate(file, SIZE)
    _flush(file)


def _flush(file: Path) -> None:
    """Nobody reads from a cache what the disk held before."""
    if device := device_of(file):
        subprocess.run(["blockdev", "--flushbufs", str(device)], capture_output=True, check=False)


def _losetup(*arguments: str) -> str:
    done = subprocess.run(["losetup", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"losetup {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()
