"""Slots in memory, with a clock that tests set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from turnup.fakes.faults import Faults
from turnup.ports import Slots


class FakeSlots(Faults, port=Slots):
    """The Slots port. Tests set `now` (seconds) and look at `taken` {name: {holder: until}}."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.taken: dict[str, dict[str, float]] = {}

    def take(self, limits: Mapping[str, int], holder: str, seconds: float) -> bool:
        """All or none."""
        for name, limit in limits.items():
            others = [who for who, until in self.taken.get(name, {}).items() if until > self.now and who != holder]
            if len(others) >= limit:
                return False
        for name in limits:
            self.taken.setdefault(name, {})[holder] = self.now + seconds
        return True

    def give(self, names: Sequence[str], holder: str) -> None:
        """At once."""
        for name in names:
            self.taken.get(name, {}).pop(holder, None)
