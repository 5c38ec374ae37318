"""Signing: the keys of wipe orders and of certificates of sanitization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnup.orchestration.hooks.kind import Field, Hook
from turnup.orchestration.hooks.pem import rewrapped

if TYPE_CHECKING:
    from turnup.adapters.signing import Keys

MEANING = "Ed25519, PEM, without a passphrase: the whole file, from BEGIN to END (`openssl genpkey -algorithm ed25519`)."


class SigningHook(Hook):
    """Two keys, so that who makes images needs to know of the one alone, and who checks certificates of the other."""

    conn_type = "turnup_signing"
    hook_name = "Signing keys (wipe orders, certificates)"
    fields = (
        Field(
            "order_private_key",
            "Key of wipe orders",
            meaning=f"{MEANING} Its public half is in the site's acceptance image, which obeys no other.",
            section="Keys",
            required=True,
            secret=True,
        ),
        Field(
            "certificate_private_key",
            "Key of certificates",
            meaning=f"{MEANING} Give its public half to those who check certificates.",
            section="Keys",
            required=True,
            secret=True,
        ),
    )

    def signer(self) -> Keys:
        """The keys."""
        from turnup.adapters.signing import Keys

        self.complete()
        order, certificate = (rewrapped(self.text(name)) for name in ("order_private_key", "certificate_private_key"))
        return Keys(order, certificate, f"the Airflow connection {self.conn_id!r}")

    def look(self) -> str:
        """Both keys can be read; which they are, by the SHA-256 of their public halves (DER)."""
        import hashlib

        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

        from turnup.erasure import certificates, orders

        def short(kind: str) -> str:
            public = load_pem_public_key(signer.public_key(kind).encode())
            return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:16]

        signer = self.signer()
        which = f"orders {short(orders.KIND)}, certificates {short(certificates.RUN)}"
        return f"Both keys can be read: {which} (SHA-256 of the public half). No image was asked whether it obeys the first."


HOOK = SigningHook
