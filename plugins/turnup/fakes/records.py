"""A run's records in memory."""

from __future__ import annotations

import hashlib

from turnup.domain.errors import Conflict, Refused
from turnup.fakes.faults import Faults
from turnup.ports import Records


class FakeRecords(Faults, port=Records):
    """The Records port; tests may change what is `kept` {name: content} behind its back."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, bytes] = {}
        self._sha256: dict[str, str] = {}

    def write(self, name: str, content: bytes) -> str:
        """Once."""
        if self.kept.setdefault(_checked(name), content) != content:
            raise Conflict(f"The record {name} is there already with another content.")
        return self._sha256.setdefault(name, hashlib.sha256(content).hexdigest())

    def read(self, name: str) -> bytes | None:
        """As it was written."""
        content = self.kept.get(_checked(name))
        if content is not None and hashlib.sha256(content).hexdigest() != self._sha256.get(name):
            raise Refused(f"The record {name} was changed after it was written.")
        return content

    def names(self, folder: str) -> tuple[str, ...]:
        """Sorted."""
        below = f"{_checked(folder)}/" if folder else ""
        return tuple(sorted(name for name in self.kept if name.startswith(below)))


def _checked(name: str) -> str:
    if {"", ".", ".."} & set(name.split("/")) or name.endswith((".sha256", ".part")):
        raise Refused(f"{name!r} is not a record's name.")
    return name
