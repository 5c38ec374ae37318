"""A Salt master in memory: keys that wait, minions that are up, functions with scripted returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from turnup.domain.errors import Refused, Transient
from turnup.fakes.faults import Faults
from turnup.ports import ConfigManagement, Returned


@dataclass(frozen=True)
class Call:
    """One function as it was submitted."""

    minion_id: str
    function: str
    arguments: tuple[object, ...]
    keywords: Mapping[str, object]


Answer = Returned | Callable[[Call], Returned | None] | None


class FakeSalt(Faults, port=ConfigManagement):
    """The ConfigManagement port. Minions appear by `offer` and `start`; `submitted` names what was asked of them.

    `answers` {function: what it returns, or how that is found from the call}; None, like an absent minion, never returns.
    A function that is not in it is refused, as to an account that may not call it.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {"test.ping": Returned(True, 0, True), **(answers or {})}
        self.up: set[str] = set()
        self.submitted: list[Call] = []
        self._waiting: dict[str, str] = {}
        self._accepted: dict[str, str] = {}
        self._offered: dict[str, str] = {}
        self._jobs: dict[str, Call] = {}
        self._ids = count(20260101000000000000)

    def offer(self, minion_id: str, key: str) -> None:
        """A minion starts and shows its key (SHA-256 of the DER form): it waits, or is the accepted one and the minion is up."""
        self._offered[minion_id] = key
        if self._accepted.get(minion_id) == key:
            self.up.add(minion_id)
        elif minion_id not in self._accepted:
            self._waiting[minion_id] = key

    def stop(self, minion_id: str) -> None:
        """The minion's machine is off. Its key stays."""
        self.up.discard(minion_id)
        self._offered.pop(minion_id, None)

    def known(self) -> tuple[set[str], set[str]]:
        """Whose keys are accepted, and whose wait."""
        return set(self._accepted), set(self._waiting)

    def waiting_key(self, minion_id: str) -> str | None:
        """What it offers."""
        return self._waiting.get(_checked(minion_id))

    def accepted_key(self, minion_id: str) -> str | None:
        """What was accepted."""
        return self._accepted.get(_checked(minion_id))

    def accept_key(self, minion_id: str) -> None:
        """From waiting to accepted; the minion comes up."""
        if _checked(minion_id) in self._waiting:
            self._accepted[minion_id] = self._waiting.pop(minion_id)
            self.up.add(minion_id)
        elif minion_id not in self._accepted:
            raise Refused(f"No key of {minion_id} waits at the Salt master.")

    def delete_key(self, minion_id: str) -> None:
        """Its keys are gone, and the master no longer hears it. The key of a minion that runs waits again."""
        self._waiting.pop(_checked(minion_id), None)
        self._accepted.pop(minion_id, None)
        self.up.discard(minion_id)
        if minion_id in self._offered:  # a minion that runs shows its key again and again
            self._waiting[minion_id] = self._offered[minion_id]

    def is_up(self, minion_id: str) -> bool:
        """Whether it was started and accepted."""
        return _checked(minion_id) in self.up

    def submit(self, minion_id: str, function: str, arguments: Sequence[object], keywords: Mapping[str, object]) -> str:
        """Notes the call; what it returns is found when it is asked for."""
        if function not in self.answers:
            raise Refused(f"The Salt account may not use {function}.")
        if _checked(minion_id) not in self._accepted:
            raise Transient(f"The Salt master sent {function} to nobody: it has no accepted key of {minion_id}.")
        job_id, call = str(next(self._ids)), Call(minion_id, function, tuple(arguments), dict(keywords))
        self.submitted.append(call)
        self._jobs[job_id] = call
        return job_id

    def returned(self, job_id: str, minion_id: str) -> Returned | None:
        """None for a job of another minion, too, and while the minion is down."""
        minion, call = _checked(minion_id), self._jobs.get(job_id)
        if call is None or call.minion_id != minion or minion not in self.up:
            return None
        answer = self.answers[call.function]
        return answer(call) if callable(answer) else answer


def _checked(minion_id: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", minion_id):
        raise Refused(f"{minion_id!r} is not a plain host name, Salt could take it for a pattern.")
    return minion_id
