"""What a drive says that it can do, read from what tools print. Pure; Python 3.11, for it runs on servers too.

A tool that is missing, fails or prints something unknown yields no capability: what is not known is not offered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from turnup.erasure.drives import Unreadable

CRYPTO_ERASE, BLOCK_ERASE, OVERWRITE = 1, 2, 4
"""Bits of SANICAP: which sanitize operations the controller offers (NVM Express Base Specification, Identify Controller)."""

_FORMAT_OFFERED = 2  # bit of OACS
_CRYPTO_FORMAT = 4  # bit of FNA


@dataclass(frozen=True)
class Nvme:
    """Of a controller: which sanitize operations (bits as above), whether Format NVM, and whether that erases by key."""

    sanitize: int = 0
    format: bool = False
    format_crypto: bool = False


@dataclass(frozen=True)
class Ata:
    """The security feature set. `minutes` are the drive's own estimates, 0 where it gives none."""

    supported: bool = False
    enabled: bool = False
    locked: bool = False
    frozen: bool = False
    enhanced: bool = False
    minutes: int = 0
    minutes_enhanced: int = 0


@dataclass(frozen=True)
class Capabilities:
    """All that is known of a drive. `write_zeroes_max` and `discard_granularity` are the block layer's limits, in bytes."""

    read_only: bool = False
    write_zeroes_max: int = 0
    discard_granularity: int = 0
    logical_block: int = 512
    nvme: Nvme = field(default_factory=Nvme)
    ata: Ata = field(default_factory=Ata)

    @property
    def why_no_writes(self) -> str:
        """Nothing where it takes writes, else the reason."""
        return "it is read-only" if self.read_only else "it is locked with a password" if self.ata.locked else ""

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def from_document(document: Mapping[str, Any]) -> Capabilities:
    """The capabilities that were kept as JSON."""
    return Capabilities(**{**document, "nvme": Nvme(**document["nvme"]), "ata": Ata(**document["ata"])})


def id_ctrl(printed: str) -> Nvme:
    """From `nvme id-ctrl -o json`."""
    try:
        found = json.loads(printed)
        return Nvme(
            sanitize=int(found["sanicap"]) & (CRYPTO_ERASE | BLOCK_ERASE | OVERWRITE),
            format=bool(int(found["oacs"]) & _FORMAT_OFFERED),
            format_crypto=bool(int(found["fna"]) & _CRYPTO_FORMAT),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"no Identify Controller ({error!r}) in {printed[:200]!r}") from error


def hdparm(printed: str) -> Ata:
    """From `hdparm -I`. A drive without the section `Security:` has no such feature, which is no error."""
    if "ATA device" not in printed:
        raise Unreadable(f"no identification of an ATA device in {printed[:200]!r}")
    section = re.search(r"^Security:\s*\n((?:[ \t]+.*\n?)*)", printed, re.MULTILINE)
    if section is None:
        return Ata()
    lines = [" ".join(line.split()) for line in section.group(1).splitlines()]
    return Ata(
        supported="supported" in lines,
        enabled="enabled" in lines,
        locked="locked" in lines,
        frozen="frozen" in lines,
        enhanced="supported: enhanced erase" in lines,
        minutes=_minutes(lines, "SECURITY ERASE UNIT"),
        minutes_enhanced=_minutes(lines, "ENHANCED SECURITY ERASE UNIT"),
    )


def _minutes(lines: list[str], what: str) -> int:
    found = re.search(rf"(\d+)min for {what}", " ".join(lines))
    return int(found.group(1)) if found else 0


def serial_from_hdparm(printed: str) -> str:
    """The serial number in `hdparm -I`, or nothing."""
    found = re.search(r"^\s*Serial Number:\s*(\S+)\s*$", printed, re.MULTILINE)
    return found.group(1) if found else ""


def getro(printed: str) -> bool:
    """From `blockdev --getro`: whether the kernel lets nobody write to it."""
    if printed.strip() not in ("0", "1"):
        raise Unreadable(f"neither 0 nor 1: {printed[:100]!r}")
    return printed.strip() == "1"
