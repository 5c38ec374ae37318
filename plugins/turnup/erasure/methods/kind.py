"""What a method of erasing is: when a drive offers it, how far it goes, its commands, and how their output is read. Pure.

Files of methods run on servers too, in the Python 3.11 of the acceptance image: standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive
from turnup.erasure.levels import Level


class Expected(StrEnum):
    """What reads back after it: nothing but zeros; or something else than before, as a drive's own commands leave it."""

    ZEROES = "zeroes"
    CHANGED = "changed"


@dataclass(frozen=True)
class Command:
    """One command. `erases` is false of those that only prepare, and leave every byte where it is."""

    argv: tuple[str, ...]
    erases: bool = True


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Progress:
    """How far it is. `permille` is None where the drive does not tell. `going_on` is true while the drive works by itself."""

    permille: int | None
    going_on: bool = False


@dataclass(frozen=True)
class Method:
    """One method.

    `why_not`          nothing where the drive offers it, else the reason, as a sentence's end
    `level`            how far it goes on this drive
    `commands`         run one after the other; the first that fails ends it
    `watch`            asked again and again for the progress; None: read what the running command printed so far
    `progress`         reads that
    `tells_progress`   without any for a while, the drive hangs; false: many drives tell none
    `after`            asked once, when all is over
    `why_failed`       nothing where all ended well, else the reason; of the commands, and what `after`, or `watch`, said last
    `seconds`          how long it may take at most without any progress to be seen, as far as the drive says; 0: it does not
    `expected`         what reads back after it
    `read_back_whole`  a sample does not do: it counts only when every byte was read back
    `unproven`         what its exit code and its output do not prove
    `tools`            commands that print the versions of what it runs
    """

    technique: str
    preference: int
    why_not: Callable[[Drive, Capabilities], str]
    level: Callable[[Drive, Capabilities], Level]
    commands: Callable[[Drive, Capabilities], tuple[Command, ...]]
    progress: Callable[[str, Drive], Progress]
    why_failed: Callable[[Drive, Sequence[Ran], str], str]
    unproven: str
    expected: Expected = Expected.ZEROES
    read_back_whole: bool = False
    watch: Callable[[Drive], tuple[str, ...]] | None = None
    after: Callable[[Drive], tuple[str, ...]] | None = None
    tells_progress: bool = True
    seconds: Callable[[Drive, Capabilities], int] = lambda drive, capabilities: 0  # noqa: ARG005
    tools: tuple[tuple[str, ...], ...] = ()


def path(drive: Drive) -> str:
    """Where the drive is at this boot."""
    return f"/dev/{drive.device}"


def bad_exit(runs: Sequence[Ran]) -> str:
    """The first command that did not end with 0, in words; nothing where there is none."""
    for ran in runs:
        if ran.exit_code:
            printed = " ".join((ran.stderr or ran.stdout).split())[-300:]
            return f"{ran.argv[0]} ended with {ran.exit_code}: {printed}"
    return "" if runs else "no command was run"
