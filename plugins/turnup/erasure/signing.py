"""Signed documents: orders and certificates, by an Ed25519 key. What is signed, and in which form, says `canonical`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from turnup.erasure import canonical


class BadKey(ValueError):
    """What was given is no Ed25519 key in PEM."""


class BadSignature(ValueError):
    """The document is not what was signed, or was signed by another key."""


def sign(kind: str, document: Mapping[str, Any], private_key: str) -> bytes:
    """The signed document, as JSON to be kept. `private_key` is PEM (PKCS #8)."""
    signature = base64.b64encode(_private(private_key).sign(canonical.signed(kind, document))).decode()
    return json.dumps({"kind": kind, "document": document, "signature": signature}, indent=1).encode() + b"\n"


def opened(kind: str, content: str | bytes, public_key: str) -> dict[str, Any]:
    """The document, if it is of that kind and signed by that key. BadSignature: it is not; NotCanonical: it is none."""
    document, signature = canonical.opened(content, kind)
    try:
        raw = base64.b64decode(signature, validate=True)
        _public(public_key).verify(raw, canonical.signed(kind, document))
    except (InvalidSignature, binascii.Error) as error:
        raise BadSignature("the signature does not fit: the document was changed, or signed by another key") from error
    return document


def public_key_of(private_key: str) -> str:
    """The public half, in PEM."""
    return _private(private_key).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private(pem: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("no private key in PEM without a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey("a private key that is not Ed25519")
    return key


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("a public key that is not Ed25519")
    return key
