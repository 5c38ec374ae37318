"""Slots in one file of a local folder, under a lock: every worker and triggerer that shares the folder counts together.

Slots expire, so a process that dies holds nothing for longer than it said.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from turnup.domain.errors import Transient


class SlotFolder:
    """The `Slots` port. `clock` gives seconds of a clock that all processes share."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def take(self, limits: Mapping[str, int], holder: str, seconds: float) -> bool:
        """All or none."""
        with self._alone() as taken:
            if any(len(taken.get(name, {}).keys() - {holder}) >= limit for name, limit in limits.items()):
                return False
            for name in limits:
                taken.setdefault(name, {})[holder] = self._clock() + seconds
            return True

    def give(self, names: Sequence[str], holder: str) -> None:
        """Before their time."""
        with self._alone() as taken:
            for name in names:
                taken.get(name, {}).pop(holder, None)

    @contextmanager
    def _alone(self) -> Iterator[dict[str, dict[str, float]]]:
        """What is taken, read and written under the lock. What cannot be read is begun anew: it is about seconds, not facts."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "slots.json").open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                taken = self._unexpired(file.read())
                yield taken
                file.seek(0)
                file.truncate()
                json.dump(taken, file)
        except OSError as error:
            what = f"The folder of slots {self._folder} cannot be used ({error.strerror or type(error).__name__})."
            raise Transient(what, "look at its rights and free space; it is set as [turnup] slots.") from error

    def _unexpired(self, text: str) -> dict[str, dict[str, float]]:
        now = self._clock()
        try:
            kept = {name: {who: until for who, until in held.items() if until > now} for name, held in json.loads(text).items()}
        except (ValueError, AttributeError, TypeError):
            return {}
        return {name: held for name, held in kept.items() if held}
