"""PEM texts in a connection: keys and certificates as their files were, though a form's field keeps no line breaks."""

from __future__ import annotations

import re
import textwrap

PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)


def rewrapped(text: str) -> str:
    """Every PEM block of the text on lines of its own; what has line breaks, or no such block, as it is."""
    if "\n" in text or not PEM.search(text):
        return text
    return "".join(_block(found[1], found[2]) for found in PEM.finditer(text))


def _block(label: str, body: str) -> str:
    lines = textwrap.wrap("".join(body.split()), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
