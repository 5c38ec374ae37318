"""A report as one HTML page that needs nothing else: no script, no other file. Every text in it is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from turnup.domain.causes import CAUSES
from turnup.reporting import words
from turnup.reporting.figures import label_of
from turnup.reporting.report import Report

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text()
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""Nothing runs, nothing is loaded, and exactly our own style is applied."""

SYMBOLS = {"done": "✓", "failed": "✗", "going on": "…", "stopped": "■", "again": "↻", "not reached": "·", "untouched": "·"}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        name: getattr(words, name)
        for name in ("moment", "clock", "duration", "number", "label", "without", "first_line", "evidence")
    }
    made.globals |= {
        # The style is ours, and it is what the policy's hash is made of.
        "style": Markup(STYLE),  # noqa: S704
        "policy": CONTENT_SECURITY_POLICY,
        "label_of": label_of,
        "symbols": SYMBOLS,
        "titles": {code: cause.title for code, cause in CAUSES.items()},
    }
    return made


_ENVIRONMENT = _environment()


def page(report: Report, version: int = 0, versions: Sequence[int] = ()) -> str:
    """The page of a report. `version` 0 means: not written, as things stand now."""
    return render("report.html.j2", report=report, version=version, versions=tuple(versions))


def render(template: str, **values: Any) -> str:
    """A page of ours."""
    return _ENVIRONMENT.get_template(template).render(**values)
