"""One lab a machine: its bridges and namespaces have fixed names, so a second one would take the first apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lab import configuration, paths, supervisor
from lab.errors import LabError

_FILE = paths.SOCKETS / "lab.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Claim:
    """The lab that took this machine: where it lies, and its supervisord. Process ids mean something in one boot only."""

    checkout: Path
    state: Path
    supervisord: int
    started: int
    boot: str

    @property
    def this_boot(self) -> bool:
        """Whether the machine has not been started again since."""
        return self.boot == _boot()

    @property
    def lives(self) -> bool:
        """Whether its supervisord runs; the id may have gone to another process since."""
        if self.started:
            return self.this_boot and supervisor.started(self.supervisord) == self.started
        try:  # an older lab's claim tells the id and no more
            return b"supervisord" in Path(f"/proc/{self.supervisord}/cmdline").read_bytes()
        except OSError:
            return False


def _boot() -> str:
    return _BOOT.read_text().strip()


def _last() -> Claim | None:
    """The lab that took this machine last, whether it lives or not."""
    try:
        held = json.loads(_FILE.read_text())
        checkout = Path(held["checkout"])
        state = Path(held.get("state", checkout / ".lab"))
        return Claim(checkout, state, int(held["supervisord"]), int(held.get("started", 0)), str(held.get("boot", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def holder() -> Path | None:
    """The checkout whose lab runs on this machine, or None."""
    last = _last()
    return last.checkout if last and last.lives else None


def refuse_a_second() -> None:
    """Raises `LabError` when the lab of another checkout runs here."""
    if (first := holder()) and first != paths.CHECKOUT:
        raise LabError(f"A lab already runs on this machine, from {first}. Use that one, or end it with {first}/lab/down.")


def take() -> None:
    """Says to every other checkout that the lab of this one runs."""
    number = supervisor.pid()
    claim = {"checkout": str(paths.CHECKOUT), "state": str(paths.STATE), "supervisord": number}
    configuration.write(_FILE, json.dumps(claim | {"started": supervisor.started(number), "boot": _boot()}), 0o644)


def end_leftovers() -> int:
    """No process is left of this checkout's lab, nor of one that took the machine and died; returns how many there were.

    For when supervisord does not run (any more): a lab of another checkout that lives is refused before.
    """
    ended = supervisor.end_leftovers(paths.CHECKOUT, paths.STATE, 0)
    if last := _last():
        ended += supervisor.end_leftovers(last.checkout, last.state, last.supervisord if last.this_boot else 0)
    return ended
