"""blkdiscard_zeroes: the drive is told to write zeros (BLKZEROOUT). Clear, and only where every byte was read back as zero.

Much quicker than sending the zeros, for the drive writes them by itself. `blkdiscard` without `--zeroout` only says what is not
needed any more, and `blkdiscard --secure` is not there on most drives and leaves the data: neither is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive
from turnup.erasure.levels import Level
from turnup.erasure.methods.kind import Command, Method, Progress, Ran, bad_exit, path

_STEP = 64 * 1024 * 1024  # bytes; between two steps it says how far it is
_FILLED = re.compile(r"Zero-filled (\d+) bytes from the offset (\d+)")


def why_not(drive: Drive, capabilities: Capabilities) -> str:  # noqa: ARG001
    """Offered where the block layer has a command for it: without one the kernel sends zeros, as `overwrite` does better."""
    return capabilities.why_no_writes or ("" if capabilities.write_zeroes_max else "it has no command that writes zeros")


def commands(drive: Drive, capabilities: Capabilities) -> tuple[Command, ...]:  # noqa: ARG001
    """blkdiscard itself refuses a drive that is mounted. stdbuf: its lines are to be seen while it runs."""
    return (Command(("stdbuf", "-oL", "blkdiscard", "--zeroout", "--verbose", "--step", str(_STEP), path(drive))),)


def _filled(printed: str) -> int:
    """How many bytes from the beginning on it says it filled, without a gap."""
    end = 0
    for length, offset in _FILLED.findall(printed):
        if int(offset) != end:
            break
        end += int(length)
    return end


def progress(printed: str, drive: Drive) -> Progress:
    """From the lines that it prints once a second."""
    return Progress(min(1000, _filled(printed) * 1000 // drive.size))


def why_failed(drive: Drive, runs: Sequence[Ran], watched: str) -> str:  # noqa: ARG001
    """Its lines have to add up to the drive's size."""
    if failed := bad_exit(runs):
        return failed
    filled = _filled(runs[-1].stdout)
    return "" if filled == drive.size else f"blkdiscard says that it filled {filled} of {drive.size} bytes"


METHOD = Method(
    technique="overwrite, zeros written by the drive (BLKZEROOUT), every byte read back",
    preference=1,
    why_not=why_not,
    level=lambda drive, capabilities: Level.CLEAR,  # noqa: ARG005
    commands=commands,
    progress=progress,
    why_failed=why_failed,
    unproven="that anything was written at all: a drive may acknowledge it and do nothing, or only hide what was there",
    read_back_whole=True,
    tools=(("blkdiscard", "--version"),),
)
