"""What a burn-in test is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from turnup.domain.policy import BurnInTest


@dataclass(frozen=True)
class Test:
    """`command` builds the argument list; `read` turns standard output into {figure: value} or raises `Unreadable`."""

    command: Callable[[BurnInTest], list[str]]
    read: Callable[[str], Mapping[str, float]]
