"""The keys that wipe orders and certificates are signed with (Ed25519, PEM). A private key stays in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnup.domain.errors import Refused
from turnup.erasure import orders, signing
from turnup.erasure.signing import BadKey


class Keys:
    """The Signer port: one key for orders, which acceptance images obey, another for certificates."""

    def __init__(self, order: str, certificate: str, named_by: str = "the connection") -> None:
        self._private = {orders.KIND: order}
        self._certificate = certificate
        self._named_by = named_by

    def sign(self, kind: str, document: Mapping[str, Any]) -> bytes:
        """Signed by the kind's key."""
        try:
            return signing.sign(kind, document, self._key(kind))
        except BadKey as error:
            raise self._bad(error) from None

    def public_key(self, kind: str) -> str:
        """The public half of the kind's key."""
        try:
            return signing.public_key_of(self._key(kind))
        except BadKey as error:
            raise self._bad(error) from None

    def _key(self, kind: str) -> str:
        return self._private.get(kind, self._certificate)

    def _bad(self, error: BadKey) -> Refused:
        return Refused(
            f"A key of {self._named_by} cannot be used: it is {error}.",
            "fill in the whole file, an Ed25519 key in PEM without a passphrase.",
            cause="signing-key",
        )


class NoKeys:
    """The Signer port of a site that names no keys: nothing can be signed there, so nothing can be wiped."""

    def __init__(self, site: str) -> None:
        self._refused = Refused(
            f"The site {site} names no keys to sign with, so no drive can be wiped there, and no wipe proven.",
            f"add connections.signing to inventory/sites/{site}.yaml.",
            cause="signing-key",
        )

    def sign(self, kind: str, document: Mapping[str, Any]) -> bytes:  # noqa: ARG002
        """Never."""
        raise self._refused

    def public_key(self, kind: str) -> str:  # noqa: ARG002
        """There is none."""
        raise self._refused
