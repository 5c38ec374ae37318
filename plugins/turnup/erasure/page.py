"""Certificates as pages to be printed: one HTML file that needs nothing else. Every text in it is escaped.

The signed JSON is what counts; the page is made from it and says how to check it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from turnup.erasure import canonical, certificates

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "certificate.css").read_text()
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""Nothing runs, nothing is loaded, and exactly our own style is applied."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters |= {
    "label": lambda text: str(text).replace("_", " "),
    "bytes": lambda number: f"{number:,} bytes",
    "sha256": canonical.sha256,
}


def page(signed: str | bytes) -> str:
    """The page of a signed certificate, of a drive or of a run. NotCanonical: it is none. The signature is not checked."""
    kind = canonical.read(signed).get("kind")
    kind = kind if kind in (certificates.DRIVE, certificates.RUN) else certificates.RUN
    document, signature = canonical.opened(signed, str(kind))
    return render(str(kind), document, signature)


def render(kind: str, document: dict[str, Any], signature: str) -> str:
    """The page of a certificate."""
    template = _ENVIRONMENT.get_template("drive.html.j2" if kind == certificates.DRIVE else "run.html.j2")
    return template.render(
        certificate=document,
        signature=signature,
        style=Markup(_STYLE),  # noqa: S704 -- ours, and what the policy's hash is made of
        policy=CONTENT_SECURITY_POLICY,
    )
