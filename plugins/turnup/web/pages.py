"""Renders the pages that live: templates beside this file, every text escaped, styles and scripts from `/turnup/static/` only."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from turnup.domain.board import State
from turnup.reporting import words
from turnup.web.shown import SYMBOLS

HERE = Path(__file__).parent
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""Our own scripts and styles, from files; nothing inline, nothing from elsewhere."""

WORDS = {
    State.FAILED: "failed",
    State.STOPPED: "stopped",
    State.ASKING: "asking",
    State.WORKING: "in work",
    State.PLANNED: "planned",
    State.ACTIVE: "active",
    State.GONE: "wiped",
    State.OFFLINE: "offline",
    State.OTHER: "other",
}
"""What a count is of."""


def since(text: str) -> str:
    """`12 s`, `3 min`, `2 h 5 min`, `4 d` from that time to now; the page's script counts on from there."""
    try:
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    except (ValueError, TypeError):
        return ""
    minutes = max(seconds, 0) // 60
    if minutes < 1:
        return f"{max(seconds, 0)} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes // 1440} d"


def about(text: str, name: str) -> str:
    """The sentence without the server that it begins with, `name (serial ..., rack ..., U...): `: it stands under that name."""
    found = re.match(rf"{re.escape(name)}(?: \([^()]*\))?: ", text)
    rest = text[found.end() :] if found else text
    return rest[:1].upper() + rest[1:] if found else text


def _version() -> str:
    """Of the static files: another one when any of them changed, so that browsers ask anew."""
    files = sorted((HERE / "static").iterdir())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if path.is_file())).hexdigest()[:12]


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {name: getattr(words, name) for name in ("moment", "label", "first_line", "evidence")} | {
        "since": since,
        "about": about,
    }
    made.globals |= {"symbols": SYMBOLS, "words": WORDS, "version": _version()}
    return made


_ENVIRONMENT = _environment()


def render(template: str, **values: Any) -> str:
    """A page."""
    return _ENVIRONMENT.get_template(template).render(**values)
