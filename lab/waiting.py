"""Waiting for a condition, with an end and a reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lab.errors import LabError


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, or a word that there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 20_000))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return f"(no log at {log})"
    return "\n".join(f"    {line}" for line in last)


def until(condition: Callable[[], bool], what: str, timeout: float, log: Path | None = None, pause: float = 0.25) -> None:
    """Returns as soon as `condition` holds; after `timeout` seconds raises `LabError` with the end of the log."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            shown = f"\nThe end of {log}:\n{tail(log)}" if log else ""
            raise LabError(f"{what}: not so after {timeout:.0f} s.{shown}")
        time.sleep(pause)
