"""One lab a machine: its bridges and namespaces have fixed names, so a second one would take the first apart."""

from __future__ import annotations

import json
from pathlib import Path

from lab import configuration, paths, supervisor
from lab.errors import LabError

_FILE = paths.SOCKETS / "lab.json"


def holder() -> Path | None:
    """The checkout whose lab runs on this machine, or None."""
    try:
        held = json.loads(_FILE.read_text())
        command = Path(f"/proc/{held['supervisord']}/cmdline").read_bytes()  # the id may have gone to another process since
        return Path(held["checkout"]) if b"supervisord" in command else None
    except (OSError, ValueError, KeyError):
        return None


def session() -> int:
    """The session that supervisord of the last lab led, 0 where none is known."""
    try:
        return int(json.loads(_FILE.read_text())["supervisord"])
    except (OSError, ValueError, KeyError):
        return 0


def refuse_a_second() -> None:
    """Raises `LabError` when the lab of another checkout runs here."""
    if (first := holder()) and first != paths.CHECKOUT:
        raise LabError(f"A lab already runs on this machine, from {first}. Use that one, or end it with {first}/lab/down.")


def take() -> None:
    """Says to every other checkout that the lab of this one runs."""
    configuration.write(_FILE, json.dumps({"checkout": str(paths.CHECKOUT), "supervisord": supervisor.pid()}), 0o644)
