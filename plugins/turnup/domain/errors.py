"""Every error that turnup raises on purpose, sorted by what a person does about it.

    TurnupError
    ├── Transient       nobody: it is tried again, and named only when it does not pass
    ├── Refused         whoever asked: the input or the state of things does not allow it
    ├── Conflict        whoever asked: somebody else was faster, so plan again
    └── HardwareFault   a technician: go to the server

An error says what happened and what to do next, and carries the code of its cause, by which its meaning is looked up
(`causes.py`). Which server it happened to is added where the server is known (`about`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


class TurnupError(Exception):
    """Something a person can act on: `what` happened, `advice` for the next step, `cause` its code in `causes.CAUSES`."""

    usual: ClassVar[str] = "turnup-defect"
    """The cause of an error that names none."""

    def __init__(self, what: str, advice: str = "", *, cause: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.cause = cause or self.usual

    def __str__(self) -> str:
        text = f"{self.what} Next: {self.advice}" if self.advice else self.what
        return f"{text} [{self.cause}]"


class Transient(TurnupError):
    """A service or network that did not answer as it should just now; retried with backoff."""

    usual = "service-unavailable"


class Refused(TurnupError):
    """What was asked for is not possible as things stand; nothing was changed for it."""

    usual = "request-refused"


class Conflict(TurnupError):
    """The facts moved since they were read, or another run holds the server."""

    usual = "facts-changed"


class HardwareFault(TurnupError):
    """The machine, its cabling or its label is wrong; somebody has to look at it."""

    usual = "hardware-suspect"


KINDS = (Transient, Refused, Conflict, HardwareFault)


def about(subject: str, error: TurnupError) -> TurnupError:
    """The same kind of error, naming the server it is about; adapters know addresses and ids only."""
    if subject in error.what:
        return error
    return _kind(error)(f"{subject}: {error.what}", error.advice, cause=error.cause)


def with_more(error: TurnupError, what: str) -> TurnupError:
    """The same kind of error with one more sentence, or lines, of what is known about it."""
    space = "" if what.startswith("\n") else " "
    return _kind(error)(f"{error.what}{space}{what}", error.advice, cause=error.cause)


def as_document(error: TurnupError) -> dict[str, str]:
    """An error as texts, to be kept or handed on; `from_document` reads it back."""
    return {"kind": _kind(error).__name__, "what": error.what, "advice": error.advice, "cause": error.cause}


def from_document(document: Mapping[str, str]) -> TurnupError:
    """The error that was kept."""
    kind = next((kind for kind in KINDS if kind.__name__ == document.get("kind")), TurnupError)
    return kind(document["what"], document["advice"], cause=document.get("cause", ""))


def _kind(error: TurnupError) -> type[TurnupError]:
    return next((kind for kind in KINDS if isinstance(error, kind)), TurnupError)


@dataclass(frozen=True)
class Problem:
    """One reason why something cannot be done. A refusal lists all of them at once."""

    subject: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}" + (f" Next: {self.advice}" if self.advice else "")


class RefusedPlan(Refused):
    """A plan that cannot be made, with every problem found."""

    usual = "plan-refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The plan is refused, nothing was touched. {len(problems)} problem(s):\n{lines}")
        self.problems = problems
