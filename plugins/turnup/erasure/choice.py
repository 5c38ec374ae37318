"""Which method a drive is erased with. Pure: what cannot be done as asked is said, and never replaced by something weaker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive
from turnup.erasure.levels import Level
from turnup.erasure.methods import METHODS
from turnup.erasure.methods.kind import Method


@dataclass(frozen=True)
class Choice:
    """A method (its name), the level that it reaches on this drive, and in words what will be done."""

    drive: Drive
    method: str
    level: Level
    technique: str


@dataclass(frozen=True)
class CannotDo:
    """What was asked cannot be done to this drive. `weaker_option` is the best that could, if somebody approves it."""

    drive: Drive
    asked: Level
    why: str
    weaker_option: Choice | None


def choose(drive: Drive, capabilities: Capabilities, asked: Level, methods: Mapping[str, Method] = METHODS) -> Choice | CannotDo:
    """The method for this drive; `methods` are those that the site accepts.

    Asked to clear, a method that reads back zeros goes first; asked to purge, the one that reaches most.
    """
    if not drive.serial or drive.size <= 0:
        why = "has no serial number" if not drive.serial else "has no size"
        return CannotDo(drive, asked, f"it {why}: no order can name it", None)
    offered = _offered(drive, capabilities, methods)
    fitting = [choice for choice in offered if choice.level.reaches(asked)]
    if fitting:
        return min(fitting, key=lambda choice: (choice.level is not asked, methods[choice.method].preference, choice.method))
    reasons = "; ".join(f"{name}: {_reason(drive, capabilities, method, asked)}" for name, method in sorted(methods.items()))
    weaker = min(offered, key=lambda choice: (methods[choice.method].preference, choice.method), default=None)
    return CannotDo(drive, asked, reasons or "no method is accepted here", weaker)


def _offered(drive: Drive, capabilities: Capabilities, methods: Mapping[str, Method]) -> list[Choice]:
    return [
        Choice(drive, name, method.level(drive, capabilities), method.technique)
        for name, method in sorted(methods.items())
        if not method.why_not(drive, capabilities)
    ]


def _reason(drive: Drive, capabilities: Capabilities, method: Method, asked: Level) -> str:
    return method.why_not(drive, capabilities) or f"reaches {method.level(drive, capabilities)} on it, not {asked}"
