"""What a Salt state changed, in a few words: versions, modes, counts of lines. Never contents: those may be secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from turnup.domain.plain_text import plain

MOST = 20
"""Lines about one state; a state that changes more says how many there are."""

LONGEST = 80
"""Characters of a value that is still shown."""

SECRET = re.compile(r"pass|secret|token|key|credential|hash|stdout|stderr", re.IGNORECASE)
"""Names whose values are not shown."""


def in_words(changes: object) -> tuple[str, ...]:
    """One line a change, from what Salt has under a state's `changes`."""
    lines = list(_lines("", changes))
    return tuple(lines[:MOST]) + ((f"and {len(lines) - MOST} more",) if len(lines) > MOST else ())


def _lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping) and {str(key) for key in value} == {"old", "new"}:
        yield _said(name, f"{_shown(name, value['old'])} -> {_shown(name, value['new'])}")
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _lines(f"{name} {plain(str(key), LONGEST)}".strip(), below)
    elif name.endswith("diff") and isinstance(value, str) and "\n" in value:
        yield _said(name, _counted(value))
    elif value not in (None, "", [], ()):
        yield _said(name, _shown(name, value))


def _said(name: str, what: str) -> str:
    return f"{name}: {what}" if name else what


def _shown(name: str, value: object) -> str:
    """A short value as it is; a secret or a long one only as the fact that there is one."""
    if value in (None, ""):
        return "none"
    if SECRET.search(name):
        return "not shown"
    text = str(value)
    return plain(text, LONGEST) if len(text) <= LONGEST and "\n" not in text else "not shown, it is long"


def _counted(diff: str) -> str:
    """A unified diff as how many lines came and went."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    came, went = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"{came} lines added, {went} removed"
