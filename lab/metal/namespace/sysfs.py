"""What a server sees of block devices in /sys: its own disks alone, by its own names, with what is on their labels.

The kernel's /sys has every device of this machine. The server gets a folder a disk instead: the loop device's own attributes,
and beside them the `device` that a real disk has, with model, serial number and slot. That is where lsblk looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from lab.metal.namespace import disks

_OWN = ("device", "loop", "subsystem", "bdi", "uevent", "power")  # of the loop device, and not shown
_REAL = ".attributes"
_VIEWS = ("class/block", "dev/block", "devices/virtual/block")
_MEMORY = ("-t", "tmpfs", "-o", "mode=755,size=256k", "tmpfs")


def show(sys: Path, loops: Mapping[str, Path], labels: Mapping[str, disks.Label], mount: Callable[..., None]) -> None:
    """Below `sys` there are just these disks: {name: loop device}. `mount` takes the words of mount(8)."""
    blocks = sys / "block"
    mount(*_MEMORY, blocks)
    for name, loop in loops.items():
        folder = blocks / name
        (folder / "device").mkdir(parents=True)
        real = Path("/sys/block", loop.name).resolve()
        (folder / _REAL).mkdir()
        mount("--bind", real, folder / _REAL)
        for attribute in sorted(real.iterdir()):
            if attribute.name not in _OWN:
                (folder / attribute.name).symlink_to(f"{_REAL}/{attribute.name}")
        major, minor = (real / "dev").read_text().strip().split(":")
        (folder / "uevent").write_text(f"MAJOR={major}\nMINOR={minor}\nDEVNAME={name}\nDEVTYPE=disk\n")
        label = labels[name]
        slot = folder / "device" / f"enclosure_device:{label.slot}"
        slot.mkdir()
        for file, text in (
            ("device/model", label.model),
            ("device/serial", label.serial),
            (f"device/{slot.name}/slot", label.slot),
        ):
            (folder / file).write_text(f"{text}\n")
    for view in _VIEWS:
        if (sys / view).is_dir():
            mount(*_MEMORY, sys / view)
    for name in loops:
        (sys / "class/block" / name).symlink_to(f"../../block/{name}")
        number = (blocks / name / "dev").read_text().strip()
        (sys / "dev/block" / number).symlink_to(f"../../block/{name}")
