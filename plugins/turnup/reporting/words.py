"""Times, durations and numbers as a person reads them. Times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

MINUTE, HOUR = 60, 3600
NOTHING = "\N{EN DASH}"


def moment(text: str | None) -> str:
    """`2026-11-22 06:30:50 UTC`; what is no time stays as it is."""
    found = _read(text)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC" if found else text or ""


def clock(text: str | None, day: str | None = None) -> str:
    """`06:30:50`, with its date where that is not the given day's."""
    found, of = _read(text), _read(day)
    if found is None:
        return text or ""
    return f"{found:%H:%M:%S}" if of is not None and of.date() == found.date() else f"{found:%Y-%m-%d %H:%M:%S}"


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `26 h 5 min`; a dash where it is not known."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    minutes = round(whole / MINUTE)
    return f"{minutes // MINUTE} h {minutes % MINUTE} min"


def number(value: float | None) -> str:
    """`105 380`, `426.2`, `0.0026`: as many digits as matter; a dash where nothing was measured."""
    if value is None:
        return NOTHING
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.4g}"


def label(name: str) -> str:
    """`out_of_band` as `out of band`."""
    return name.replace("_", " ")


def without(text: str, subject: str) -> str:
    """The text without the subject that it begins with: under a heading that names the subject it would be said twice."""
    rest = text.removeprefix(subject).lstrip(" :") if subject else text
    return rest[:1].upper() + rest[1:] if rest != text else text


def first_line(text: str) -> str:
    """The sentence itself."""
    return text.partition("\n")[0].strip()


def evidence(text: str) -> str:
    """What follows the sentence, line by line: what a log, a console or a DHCP server said. Empty where nothing does."""
    return dedent(text.partition("\n")[2].strip("\n"))


def _read(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
