"""Sources asked at the same time, each within a limit: one that hangs, breaks or refuses costs nothing but its own answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from turnup.domain.errors import TurnupError
from turnup.domain.facts import Source

log = logging.getLogger(__name__)


@dataclass
class Answers:
    """{source: what it answered}, {source: why it did not}, and the seconds that each took."""

    given: dict[Source, Any] = field(default_factory=dict)
    silent: dict[Source, str] = field(default_factory=dict)
    took: dict[Source, float] = field(default_factory=dict)


def together(asked: Mapping[Source, Callable[[], Any]], seconds: float) -> Answers:
    """Ask all of them. A thread that hangs is left behind: it keeps no process from ending, and its calls have timeouts."""
    answers = Answers()
    threads = [
        Thread(target=_ask, args=(answers, source, ask), daemon=True, name=f"audit {source}") for source, ask in asked.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    known = {*answers.given, *answers.silent}
    late = {source: f"It gave no answer within {seconds:g} s." for source in asked if source not in known}
    return Answers(dict(answers.given), {**answers.silent, **late}, dict(answers.took))


def _ask(answers: Answers, source: Source, ask: Callable[[], Any]) -> None:
    began = time.monotonic()
    try:
        given = ask()
    except TurnupError as error:
        answers.silent[source] = str(error)
    except Exception as error:
        log.exception("%s: a defect of the audit:", source)
        answers.silent[source] = f"The audit itself failed at it ({type(error).__name__}); its log says more."
    else:
        answers.given[source] = given
    answers.took[source] = time.monotonic() - began
