"""One text for one document, so that a signature covers what is read. Standard library of Python 3.11: it runs on servers too.

A signed document is {"kind", "document", "signature"}. Signed is the kind, a line feed, and the canonical JSON of the document:
keys sorted, no spaces, ASCII, and no fractions, which two programs may print in two ways. The kind keeps a signature that was
given for one purpose from serving another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


class NotCanonical(ValueError):
    """A document that could be read in two ways, or that is none."""


def text(document: object) -> bytes:
    """The canonical JSON. NotCanonical: it holds a fraction, or keys that are no texts."""
    _check(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def signed(kind: str, document: object) -> bytes:
    """What a signature of this kind covers."""
    return kind.encode() + b"\n" + text(document)


def sha256(document: object) -> str:
    """By which a document is named elsewhere (hex)."""
    return hashlib.sha256(text(document)).hexdigest()


def read(content: str | bytes) -> dict[str, Any]:
    """The JSON object. NotCanonical: it is none, or has the same key twice, which two readers take for two things."""
    try:
        found = json.loads(content, object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"no JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise NotCanonical("no JSON object")
    return found


def opened(content: str | bytes, kind: str) -> tuple[dict[str, Any], str]:
    """Document and signature (base64) of a signed document of this kind; the signature is not checked here."""
    envelope = read(content)
    if set(envelope) != {"kind", "document", "signature"}:
        raise NotCanonical("not of the form kind, document, signature")
    document, signature = envelope["document"], envelope["signature"]
    if envelope["kind"] != kind:
        raise NotCanonical(f"of the kind {envelope['kind']!r}, wanted is {kind!r}")
    if not isinstance(document, dict) or not isinstance(signature, str):
        raise NotCanonical("its document is no object, or its signature no text")
    _check(document)
    return document, signature


def _check(value: object) -> None:
    """Plain values first: nearly all are, and to be a Mapping is a slow question."""
    if value is None or isinstance(value, (str, int)):
        return
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"a key that is no text: {key!r}")
            _check(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            _check(one)
    else:
        raise NotCanonical(f"neither text, whole number, truth nor nothing: {value!r}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _never(word: str) -> object:
    raise ValueError(f"{word} is no number")
