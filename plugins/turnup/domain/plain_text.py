"""Text that came from a machine: data, whatever it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")  # a terminal's colours, titles and moves


def plain(text: str, longest: int = 200) -> str:
    """The text on one line of at most so many characters, without anything that a terminal or a page would act upon."""
    without_escapes = _ESCAPES.sub("", text)
    printable = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in without_escapes)
    line = " ".join(printable.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def distinct(lines: Iterable[str]) -> list[str]:
    """Each line once, at its last place: what a machine says over and over hides nothing. Numbers make no difference."""
    last: dict[str, str] = {}
    for line in lines:
        key = re.sub(r"[0-9]+", "0", line)
        last.pop(key, None)
        last[key] = line
    return list(last.values())


def without_tracebacks(lines: Iterable[str]) -> list[str]:
    """Of each Python traceback the line that names the error alone. A prefix of fixed width, such as a time, may stand before."""
    kept: list[str] = []
    begins = -1
    for line in lines:
        if (found := line.find("Traceback (most recent call last)")) >= 0:
            begins = found
        elif begins < 0 or line[begins : begins + 2] != "  ":
            begins = -1
            kept.append(line)
    return kept
