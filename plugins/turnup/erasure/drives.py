"""A server's drives, as `lsblk -J -b -O` tells them. Pure; standard library of Python 3.11, for it runs on servers too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

LSBLK = ("lsblk", "-J", "-b", "-O")


class Transport(StrEnum):
    """What a drive speaks. `loop` is a file that plays a drive; `other` is offered no drive command."""

    NVME = "nvme"
    ATA = "ata"
    SCSI = "scsi"
    LOOP = "loop"
    OTHER = "other"


@dataclass(frozen=True)
class Drive:
    """One drive. `device` is its name below /dev at this boot; serial number and size (bytes) are what it is known by."""

    device: str
    serial: str
    size: int
    model: str
    transport: Transport
    rotational: bool
    slot: str = ""

    @property
    def identity(self) -> tuple[str, int]:
        """By what an order and a seal name it."""
        return self.serial, self.size

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"transport": str(self.transport)}


@dataclass(frozen=True)
class Seen:
    """A drive, the device numbers of it and all its partitions, and who uses it: what is built upon it, what is mounted."""

    drive: Drive
    numbers: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()


class Unreadable(ValueError):
    """What a tool printed is not what its reader knows."""


_LOOP_MAJOR = "7:"
_NO_DRIVES = ("rom", "part", "crypt", "lvm", "dm", "mpath")
_TRANSPORTS = {"nvme": Transport.NVME, "sata": Transport.ATA, "ata": Transport.ATA, "sas": Transport.SCSI, "scsi": Transport.SCSI}


def read(printed: str) -> tuple[Seen, ...]:
    """Every drive that `lsblk -J -b -O` names. No drives: optical ones, empty slots, RAM disks, loop files that play no drive.

    A loop file plays a drive where lsblk does not know it as one: its type is `disk`. Slot is the SCSI address, or nothing.
    """
    try:
        devices = json.loads(printed)["blockdevices"]
        return tuple(_seen(device) for device in devices if _is_drive(device))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"no lsblk result ({error!r}) in {printed[:200]!r}") from error


def from_document(document: Mapping[str, Any]) -> Drive:
    """The drive that was kept as JSON."""
    return Drive(**{**document, "transport": Transport(document["transport"])})


def _is_drive(device: Mapping[str, Any]) -> bool:
    name = str(device["name"])
    return device["type"] == "disk" and int(device["size"]) > 0 and not name.startswith(("zram", "ram", "fd", "nbd"))


def _seen(device: Mapping[str, Any]) -> Seen:
    drive = Drive(
        device=str(device["kname"]),
        serial=str(device.get("serial") or "").strip(),
        size=int(device["size"]),
        model=" ".join(str(device.get("model") or "").split()),
        transport=_transport(device),
        rotational=truth(device["rota"]),
        slot=str(device.get("hctl") or ""),
    )
    return Seen(drive, tuple(_numbers(device)), tuple(_built_upon(device)))


def _transport(device: Mapping[str, Any]) -> Transport:
    if str(device["maj:min"]).startswith(_LOOP_MAJOR):
        return Transport.LOOP
    return _TRANSPORTS.get(str(device.get("tran") or ""), Transport.OTHER)


def _numbers(device: Mapping[str, Any]) -> Iterator[str]:
    yield str(device["maj:min"])
    for child in device.get("children") or ():
        if child["type"] == "part":
            yield from _numbers(child)


def _built_upon(device: Mapping[str, Any]) -> Iterator[str]:
    for child in device.get("children") or ():
        if child["type"] == "part":
            yield from _built_upon(child)
        else:
            yield f"{child['type']} {child['name']}"


def with_mounts(seen: Seen, mountinfo: str) -> Seen:
    """With what of it is mounted, from /proc/self/mountinfo: by device number. lsblk goes by names, which others may have too."""
    lines = [line.split() for line in mountinfo.splitlines()]
    mounted = [f"mounted at {words[4]}" for words in lines if len(words) > 4 and words[2] in seen.numbers]
    return replace(seen, used_by=(*seen.used_by, *mounted))


def truth(value: object) -> bool:
    """lsblk before 2.33 prints "0" and "1", later ones false and true."""
    if value in (True, "1", 1):
        return True
    if value in (False, "0", 0):
        return False
    raise ValueError(f"neither true nor false: {value!r}")
