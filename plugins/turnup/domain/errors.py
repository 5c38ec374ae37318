"""Every error that turnup raises on purpose, sorted by what a person does about it.

    TurnupError
    ├── Transient       nobody: it is tried again, and named only when it does not pass
    ├── Refused         whoever asked: the input or the state of things does not allow it
    ├── Conflict        whoever asked: somebody else was faster, so plan again
    └── HardwareFault   a technician: go to the server

An error says what happened and what to do next. Which server it happened to is added where the server is known (`Cause`).
"""

from __future__ import annotations

from dataclasses import dataclass


class TurnupError(Exception):
    """Something a person can act on: `what` happened, `advice` for the next step."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what} Next: {self.advice}" if self.advice else self.what


class Transient(TurnupError):
    """A service or network that did not answer as it should just now; retried with backoff."""


class Refused(TurnupError):
    """What was asked for is not possible as things stand; nothing was changed for it."""


class Conflict(TurnupError):
    """The facts moved since they were read, or another run holds the server."""


class HardwareFault(TurnupError):
    """The machine, its cabling or its label is wrong; somebody has to look at it."""


KINDS = (Transient, Refused, Conflict, HardwareFault)


def about(subject: str, error: TurnupError) -> TurnupError:
    """The same kind of error, naming the server it is about; adapters know addresses and ids only."""
    if subject in error.what:
        return error
    kind = next((kind for kind in KINDS if isinstance(error, kind)), TurnupError)
    return kind(f"{subject}: {error.what}", error.advice)


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

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The plan is refused, nothing was touched. {len(problems)} problem(s):\n{lines}")
        self.problems = problems
