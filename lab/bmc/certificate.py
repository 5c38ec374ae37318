"""The certificate that a BMC signs for itself in the factory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab import configuration
from lab.datacenter import Server
from lab.metal.folder import Folder

_DAYS = 3650


def make(server: Server, name: str = "bmc") -> tuple[Path, Path]:
    """Certificate and key of the server's BMC by that name; made once, then always the same."""
    folder = Folder(server).path
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    if not (certificate.exists() and key.exists()):
        private = ec.generate_private_key(ec.SECP256R1())
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        configuration.write(key, private.private_bytes(encoding, form, serialization.NoEncryption()).decode())
        signed = _signed(f"BMC {server.serial}", private)
        configuration.write(certificate, signed.public_bytes(encoding).decode(), 0o644)
    return certificate, key


def fingerprint(server: Server) -> str:
    """SHA-256 (hex) of the certificate that the BMC shows without a fault."""
    certificate, _ = make(server)
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex()


def _signed(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
