"""The progress of a run, for a person at a terminal: one line a server, which moves as the server does.

Where there is no terminal, one line a change.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from lab import console

RACK = "rack"
WORDS = {
    "snapshot": "reading NetBox",
    "plan": "planning",
    "approval": "approval",
    "claim": "claiming",
    "addresses": "addresses",
    "dhcp": "DHCP",
    "boot": "booting",
    "identity": "identity",
    "salt_key": "Salt key",
    "configure": "configuring",
    "burn_in": "burn-in",
    "live": "going live",
    "enter_service": "entering service",
    "finish": "closing",
}
_MARKS = {
    "success": "done",
    "failed": "FAILED",
    "upstream_failed": "not reached",
    "skipped": "skipped",
    "up_for_retry": "trying again",
    "awaiting_input": "waits for a person",
}
_AT_WORK = ("running", "deferred", "queued", "scheduled", "restarting", "awaiting_input", "up_for_retry")


class Progress:
    """Shows where each server is; `show` is given all task instances of the run, again and again."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._since: dict[str, tuple[str, float]] = {}
        self._terminal = sys.stdout.isatty()
        self._drawn = 0

    def show(self, tasks: list[dict[str, Any]]) -> None:
        """Draws the lines again, or prints those that changed."""
        now = time.monotonic()
        for who, what in _where(tasks).items():
            if self._since.get(who, ("", 0))[0] != what:
                self._since[who] = (what, now)
                if not self._terminal:
                    console.say(who, what)
        if self._terminal:
            self._draw(now)

    def finish(self) -> None:
        """The lines stay; what comes next is printed below them."""
        self._drawn = 0

    def _draw(self, now: float) -> None:
        lines = [
            f"  {who:<16} {what:<28} {console.clock(now - since):>6}   {console.clock(now - self._began):>6}"
            for who, (what, since) in sorted(self._since.items(), key=lambda item: (item[0] != RACK, item[0]))
        ]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        sys.stdout.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
        sys.stdout.flush()
        self._drawn = len(lines)


def _names(tasks: list[dict[str, Any]]) -> dict[int, str]:
    """Of each mapped index the server's name, which Airflow knows once a task of it began to run."""
    rendered = ((task["map_index"], str(task.get("rendered_map_index") or "")) for task in tasks if task["map_index"] >= 0)
    return {index: name for index, name in rendered if name and not name.isdigit()}


def _where(tasks: list[dict[str, Any]]) -> dict[str, str]:
    """For the rack and each server, the row it is at and how that goes."""
    order = list(WORDS)
    names = _names(tasks)
    rows: dict[str, dict[str, str]] = {}
    for task in tasks:
        if name := RACK if task["map_index"] < 0 else names.get(task["map_index"]):
            rows.setdefault(name, {})[task["task_id"]] = task["state"] or "waiting"
    where = {}
    for name, states in rows.items():
        known = sorted(states, key=lambda row: order.index(row) if row in order else len(order))
        at = next((row for row in known if states[row] in _AT_WORK or states[row] == "failed"), None)
        if at is None:
            done = [row for row in known if states[row] in _MARKS]
            at = next((row for row in reversed(done) if states[row] == "success"), done[-1] if done else None)
        if at is None:
            continue
        mark = _MARKS.get(states[at], "")
        where[name] = f"{WORDS.get(at, at)}{': ' if mark else ' ...'}{mark}"
    return where
