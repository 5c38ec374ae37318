"""What turnup wrote into a device's `turnup_cause`, taken apart again: the sentence, the advice, the code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from turnup.domain.causes import CAUSES

_PARTS = re.compile(
    r"(?:(?P<step>[a-z_]{1,40}): )?(?P<what>.*?)(?: Next: (?P<advice>.*?))?"
    r"(?: \[(?P<code>[a-z0-9-]+)\])?(?: \(run (?P<run>[^()]*)\))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Told:
    """Why a server's part of a run failed: at which step, what happened, what to do next; code and title as in `causes`."""

    what: str
    advice: str = ""
    code: str = ""
    title: str = ""
    step: str = ""
    run: str = ""


def told(what: str, advice: str = "", code: str = "", step: str = "", run: str = "") -> Told:
    """With the title of its code, and the code's advice where there is none of its own."""
    known = CAUSES.get(code)
    return Told(what, advice or (known.action if known else ""), code, known.title if known else "", step, run)


def read_cause(text: str) -> Told | None:
    """The parts; a text of another form is all sentence. None for an empty one."""
    if not text.strip():
        return None
    found = _PARTS.fullmatch(text.strip())
    parts = {name: value or "" for name, value in found.groupdict().items()} if found else {"what": text}
    return told(**parts)
