"""Erases one drive by one method, and keeps its state: what runs, how far it is, how it ended.

A drive hangs when it shows no progress for too long. A process that waits for such a drive cannot be ended by anybody: it is
left behind, and the drive is given up.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from turnup.erasure import states
from turnup.erasure.agent.machine import Machine, output
from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive, Unreadable
from turnup.erasure.methods.kind import Command, Method, Ran
from turnup.erasure.orders import Order, OrderedDrive
from turnup.erasure.release import RELEASE

WAITING, RUNNING, ENDED = "waiting", "running", "ended"
FAILED, READ_ONLY, HUNG, REFUSED, NOT_BEGUN = "failed", "read-only", "hung", "refused", "not-begun"
FINAL = (ENDED, FAILED, READ_ONLY, HUNG, REFUSED, NOT_BEGUN)
"""`ended` means that the method ended well by its own account, not that the drive is erased: that is to be proven."""

_LOOK = 0.5  # seconds between two looks
_WATCH = 2.0  # seconds between two questions to the drive
_KEPT = 4000  # characters of a command's output, from its end


class _Hangs(Exception):
    """The drive shows no progress any more."""


@dataclass
class Work:
    """One drive of an order. `file` holds its state; `document` is what is in there."""

    order: Order
    ordered: OrderedDrive
    drive: Drive
    method: Method
    machine: Machine
    file: Path
    document: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document = {
            "serial": self.drive.serial,
            "size": self.drive.size,
            "model": self.drive.model,
            "device": self.drive.device,
            "slot": self.drive.slot,
            "transport": str(self.drive.transport),
            "rotational": self.drive.rotational,
            "method": self.ordered.method,
            "level": self.ordered.level,
            "technique": self.method.technique,
            "state": WAITING,
            "begun": False,
            "permille": 0,
            "seconds_left": None,
            "why": "",
            "began": None,
            "ended": None,
            "commands": [],
            "tools": {},
            "agent": f"turnup-wipe {RELEASE}",
        }

    def say(self, **values: Any) -> None:
        """Keep these values of the state."""
        self.document |= values
        states.write(self.file, self.document)

    def end(self, state: str, why: str = "") -> None:
        """It is over."""
        self.say(state=state, why=why, ended=_now(), seconds_left=None)

    def run(self) -> None:
        """Look at the drive once more, erase it, say how that ended. Never raises."""
        try:
            self._run()
        except _Hangs as hang:
            self.end(HUNG, str(hang))
        except Exception as error:  # whatever it is, the drive is not erased and somebody reads why
            self.end(FAILED, f"{type(error).__name__}: {error}")

    def _run(self) -> None:
        capabilities = self.machine.capabilities(self.drive)
        if state := self._why_not(capabilities):
            self.end(*state)
            return
        tools = {words[0]: output(words).partition("\n")[0].strip() for words in self.method.tools}
        self.say(state=RUNNING, began=_now(), tools=tools)
        runs = []
        for command in self.method.commands(self.drive, capabilities):
            runs.append(self._command(command, capabilities))
            if runs[-1].exit_code:
                break
        last = self._wait_for_drive() if not runs[-1].exit_code else ""
        if self.method.after is not None:
            last = output(self.method.after(self.drive))
        why = self.method.why_failed(self.drive, runs, last) or self._another_drive()
        if why:
            self.end(READ_ONLY if self.machine.capabilities(self.drive).read_only else FAILED, why)
        else:
            self.end(ENDED)
            self.say(permille=1000)

    def _why_not(self, capabilities: Capabilities) -> tuple[str, str] | None:
        """The state that keeps it from beginning, and why."""
        if capabilities.read_only:
            return READ_ONLY, "the drive is read-only"
        if problem := self._another_drive():
            return FAILED, problem
        if reason := self.method.why_not(self.drive, capabilities):
            return REFUSED, f"{self.ordered.method}: {reason}"
        if (reached := self.method.level(self.drive, capabilities)) != self.ordered.level:
            return REFUSED, f"{self.ordered.method} reaches {reached} on it, ordered is {self.ordered.level}"
        return None

    def _another_drive(self) -> str:
        """What is wrong with the device of that name now; before and after, it has to be this drive, and free."""
        if problem := self.machine.device_problem(self.drive):
            return problem
        names = [seen.drive.device for seen in self.machine.drives() if seen.drive.identity == self.drive.identity]
        return "" if names == [self.drive.device] else f"it is at {', '.join(names) or 'no device'}, and was {self.drive.device}"

    def _command(self, command: Command, capabilities: Capabilities) -> Ran:
        """Run it to its end. Its output goes to files: they outlive us, and tell the progress."""
        number = len(self.document["commands"])
        paths = [self.file.with_suffix(f".{number}.{stream}") for stream in ("out", "err")]
        self.say(begun=self.document["begun"] or command.erases)
        began = time.monotonic()
        environment = {**os.environ, "LC_ALL": "C"}
        with paths[0].open("wb") as out, paths[1].open("wb") as err:
            process = subprocess.Popen(
                command.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True
            )
            try:
                self._follow(process, paths, capabilities)
            except _Hangs:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_WATCH)
                raise
        printed = [path.read_text(errors="replace").replace("\r", "\n") for path in paths]
        ran = Ran(command.argv, process.returncode, *printed)
        kept = {"argv": list(ran.argv), "exit_code": ran.exit_code, "stdout": printed[0][-_KEPT:], "stderr": printed[1][-_KEPT:]}
        self.say(commands=[*self.document["commands"], kept | {"seconds": int(time.monotonic() - began)}])
        return ran

    def _follow(self, process: subprocess.Popen[bytes], paths: list[Path], capabilities: Capabilities) -> None:
        patience = _Patience(self, self.method.seconds(self.drive, capabilities))
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK if self.method.watch is None else _WATCH)
                return
            if self.method.watch is None:
                patience.look("".join(path.read_text(errors="replace") for path in paths))
            else:
                patience.look(output(self.method.watch(self.drive)))

    def _wait_for_drive(self) -> str:
        """Ask a drive that works on by itself until it is done; answers the last answer."""
        if self.method.watch is None:
            return ""
        patience = _Patience(self, 0)
        while True:
            printed = output(self.method.watch(self.drive))
            if not patience.look(printed):
                return printed
            time.sleep(_WATCH)


class _Patience:
    """How long a drive may show nothing new."""

    def __init__(self, work: Work, estimate: int) -> None:
        self.work = work
        self.estimate = estimate
        self.began = self.changed = time.monotonic()
        self.last: int | None = None

    def look(self, printed: str) -> bool:
        """Take note of the progress; whether the drive still works by itself. _Hangs: nothing changed for too long."""
        now, work = time.monotonic(), self.work
        try:
            progress = work.method.progress(printed, work.drive)
        except Unreadable:
            progress = None
        permille = progress.permille if progress else None
        if permille is not None and permille != self.last:
            self.last, self.changed = permille, now
            spent = now - self.began
            work.say(permille=permille, seconds_left=int(spent * (1000 - permille) / permille) if permille else None)
        limit = work.order.stall_seconds
        if self.last is None and not work.method.tells_progress:
            limit = max(limit, self.estimate or work.order.silent_seconds)
        if now - self.changed > limit:
            raise _Hangs(f"no progress for {limit} seconds, at {self.last or 0} permille")
        return bool(progress and progress.going_on)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
