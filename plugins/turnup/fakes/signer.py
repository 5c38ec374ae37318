"""Keys in memory, new for every signer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from turnup.erasure import orders, signing
from turnup.fakes.faults import Faults
from turnup.ports import Signer


class FakeSigner(Faults, port=Signer):
    """The Signer port with real signatures; tests look at `signed`, the kinds and documents in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self._keys = {is_order: _new() for is_order in (True, False)}
        self.signed: list[tuple[str, Mapping[str, Any]]] = []

    def sign(self, kind: str, document: Mapping[str, Any]) -> bytes:
        """By the kind's key."""
        self.signed.append((kind, document))
        return signing.sign(kind, document, self._keys[kind == orders.KIND])

    def public_key(self, kind: str) -> str:
        """Of the kind's key."""
        return signing.public_key_of(self._keys[kind == orders.KIND])


def _new() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
