"""What the agent and the prover know of their work: one folder an order, one file a drive, each replaced in one piece.

The folder is in memory (/run): after a restart of the server nothing is known, and what is not known is not erased.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_PATIENCE = 2.0  # seconds; who only asks whether somebody works holds the lock for a moment


class Folder:
    """The states below one folder, of whichever order was last, and the lock of whoever works."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def order(self, sha256: str) -> Path:
        """Where the states of one order are."""
        return self.path / sha256

    def orders(self) -> list[str]:
        """Every order that was begun since the server started, oldest first."""
        if not self.path.is_dir():
            return []
        return [one.name for one in sorted(self.path.iterdir(), key=lambda one: one.stat().st_mtime_ns) if one.is_dir()]

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Whether nobody works; if so nobody else does within the block. It ends with the process that has it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            end = time.monotonic() + _PATIENCE
            while not _locked(lock, fcntl.LOCK_EX):
                if time.monotonic() > end:
                    yield False
                    return
                time.sleep(0.05)
            yield True

    def works(self) -> bool:
        """Whether somebody works now. Who asks keeps nobody from beginning, for longer than a moment."""
        if not self._lock.exists():
            return False
        with self._lock.open("r") as lock:
            return not _locked(lock, fcntl.LOCK_SH)

    @property
    def _lock(self) -> Path:
        return self.path / "lock"


def _locked(file: TextIO, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write(file: Path, document: object) -> None:
    """The file holds the document; who reads it meanwhile finds the old one, and a crash leaves one of the two."""
    new = file.with_name(f".{file.name}.new")
    with new.open("w", encoding="utf-8") as part:
        json.dump(document, part, indent=1)
        part.flush()
        os.fsync(part.fileno())
    new.replace(file)


def read(file: Path) -> Any:
    """The document, None where there is none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def detach() -> bool:
    """True in a new process of a session of its own, which no lost connection ends; False in the one that called."""
    if os.fork():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir("/")
    return True
