"""overwrite: one pass of zeros over every byte that can be addressed. Clear, on every drive that takes writes.

Rev. 2 (section 3.1.1) holds one pass to be enough. What a drive keeps outside its address range (spare cells of flash,
remapped sectors) is not reached: that is why it is never a Purge here. It writes through `dd`, past the page cache.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive
from turnup.erasure.levels import Level
from turnup.erasure.methods.kind import Command, Method, Progress, Ran, bad_exit, path

_BLOCK = "4M"
_COPIED = re.compile(r"(\d+) bytes (?:\([^)]*\) )?copied")


def why_not(drive: Drive, capabilities: Capabilities) -> str:  # noqa: ARG001
    """Every drive offers it that takes writes."""
    return capabilities.why_no_writes


def commands(drive: Drive, capabilities: Capabilities) -> tuple[Command, ...]:  # noqa: ARG001
    """Exactly its size, so that running into its end is an error; to the medium before it counts as written (fsync)."""
    flags = ("iflag=count_bytes,fullblock", "oflag=direct", "conv=nocreat,notrunc,fsync", "status=progress")
    return (Command(("dd", "if=/dev/zero", f"of={path(drive)}", f"bs={_BLOCK}", f"count={drive.size}", *flags)),)


def progress(printed: str, drive: Drive) -> Progress:
    """From the last of dd's progress lines, which overwrite each other."""
    found = _COPIED.findall(printed)
    return Progress(min(1000, int(found[-1]) * 1000 // drive.size) if found else None)


def why_failed(drive: Drive, runs: Sequence[Ran], watched: str) -> str:  # noqa: ARG001
    """dd has to have written as many bytes as the drive has."""
    if failed := bad_exit(runs):
        return failed
    found = _COPIED.findall(runs[-1].stderr)
    written = int(found[-1]) if found else 0
    return "" if written == drive.size else f"dd wrote {written} of {drive.size} bytes"


METHOD = Method(
    technique="overwrite, one pass of zeros",
    preference=2,
    why_not=why_not,
    level=lambda drive, capabilities: Level.CLEAR,  # noqa: ARG005
    commands=commands,
    progress=progress,
    why_failed=why_failed,
    unproven="that the drive stored what it acknowledged; anything outside its address range (spare cells, remapped sectors)",
    tools=(("dd", "--version"),),
)
