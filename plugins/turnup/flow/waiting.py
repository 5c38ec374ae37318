"""How a step waits without holding a worker, a thread or an event loop: it yields what it waits for.

A step that waits is a generator. Whoever runs it (the Airflow triggerer, a test with a clock of its own) sleeps between two
calls of `advance`, says in the log what is waited for, and raises the wait's own error when its time is up:

    yield from until(lambda: shell.answers() or None, Wait("SSH to answer", within=300, otherwise=HardwareFault("...", "...")))
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from turnup.domain.errors import Transient, TurnupError, with_more


@dataclass(frozen=True)
class Wait:
    """One thing waited for: at most `within` seconds since it was first waited for, looked at `every` so many seconds.

    `otherwise` is raised when the time is up. `last` is what the latest look ran into, if it ran into something. The same thing
    may be waited for on another `occasion`: then its time begins anew.
    """

    what: str
    within: float
    otherwise: TurnupError
    every: float = 2.0
    last: str = ""
    occasion: str = ""

    def error(self) -> TurnupError:
        """What is raised when the time is up."""
        return with_more(self.otherwise, f"The last answer was: {self.last}") if self.last else self.otherwise


type Waiting[T] = Generator[Wait, None, T]
"""A step that may wait and ends with a T."""


def until[T](look: Callable[[], T | None], wait: Wait) -> Waiting[T]:
    """Look again and again until there is something. A look that runs into a `Transient` saw nothing this time."""
    last = ""
    while True:
        try:
            found = look()
        except Transient as error:
            found, last = None, error.what
        if found is not None:
            return found
        yield replace(wait, last=last)


def persistent(start: Callable[[], Waiting[None]], attempts: int = 6, first_pause: float = 3.0) -> Waiting[None]:
    """Run the step; where something `Transient` ends it, start it anew after a pause that doubles, so many attempts in all."""
    pause = first_pause
    for _ in range(attempts - 1):
        try:
            yield from start()
        except Transient as error:
            yield Wait("a pause before the next attempt", float("inf"), error, every=pause, last=error.what)
            pause *= 2
        else:
            return
    yield from start()


@dataclass
class Patience:
    """Keeps the time of a step's waits. Seconds of any clock that only goes forward."""

    clock: Callable[[], float]
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def waited(self, wait: Wait) -> float:
        """For how long this has been waited for."""
        now = self.clock()
        return now - self.since.setdefault((wait.what, wait.occasion), now)

    def is_over(self, wait: Wait) -> bool:
        """Whether the time for this wait is up."""
        return self.waited(wait) >= wait.within


def advance(step: Waiting[object], thrown: TurnupError | None = None) -> Wait | None:
    """Go on until the next wait, or None when the step is done. `thrown` is raised where the step waits."""
    try:
        return next(step) if thrown is None else step.throw(thrown)
    except StopIteration:
        return None
