"""Who acts: one process of a run or of an abort, at one row of one server. Any of its calls may be its last."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from turnup.domain.errors import TurnupError
from turnup.flow.waiting import Wait

type Going = Generator[Wait | None, None, Any]


class Crash(BaseException):
    """The process dies: nothing of it runs any more, no `finally` either."""


@dataclass(eq=False)
class Actor:
    """One process. `server` is the one that it acts on; nobody where it acts on the whole rack."""

    claim: str
    kind: str
    server: str = ""
    going: Going | None = None
    row: str = ""
    calls: int = 0
    dead: bool = False
    failures: list[TurnupError] = field(default_factory=list)

    @property
    def aborts(self) -> bool:
        """Whether it puts servers back."""
        return self.kind == "abort"
