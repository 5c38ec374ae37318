"""The lab's certificate authority: what salt-api shows its clients is signed by it, and clients know nothing else."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import configuration, paths

CERTIFICATE = paths.CA / "ca.crt"
_KEY = paths.CA / "ca.key"
_YEARS = dt.timedelta(days=10 * 365)


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "turnup lab")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _YEARS)
    )


def make() -> None:
    """The authority exists afterwards; one that is there is kept."""
    if CERTIFICATE.exists() and _KEY.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("turnup lab CA")
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    configuration.write(_KEY, _pem(key))
    configuration.write(CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM).decode(), 0o644)


def issue(name: str, folder: Path) -> tuple[Path, Path]:
    """Certificate and key of a service on this machine (127.0.0.1, localhost), or of its client; made once, below `folder`."""
    crt, pem = folder / f"{name}.crt", folder / f"{name}.key"
    if crt.exists() and pem.exists():
        return crt, pem
    authority = x509.load_pem_x509_certificate(CERTIFICATE.read_bytes())
    signer = serialization.load_pem_private_key(_KEY.read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{_KEY} is no elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        _builder(_name(name), authority.subject, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    configuration.write(pem, _pem(key))
    configuration.write(crt, certificate.public_bytes(serialization.Encoding.PEM).decode(), 0o644)
    return crt, pem


def erasure_key(purpose: str) -> tuple[Path, Path]:
    """Private and public key (Ed25519, PEM) that turnup signs with: `order` for wipe orders, `certificate` for certificates."""
    private, public = (paths.ETC / "erasure" / f"{purpose}.{half}" for half in ("key", "pub"))
    if not (private.exists() and public.exists()):
        key = ed25519.Ed25519PrivateKey.generate()
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        configuration.write(private, key.private_bytes(encoding, form, serialization.NoEncryption()).decode())
        shown = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        configuration.write(public, shown.decode(), 0o644)
        private.parent.chmod(0o700)
    return private, public


def ssh_key() -> str:
    """The private key (OpenSSH PEM) that turnup logs in to servers with; its public half is `etc/ssh/id.pub`."""
    private, public = paths.ETC / "ssh" / "id", paths.ETC / "ssh" / "id.pub"
    if not (private.exists() and public.exists()):
        key = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.OpenSSH
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        configuration.write(private, pem)
        configuration.write(public, f"{line} turnup\n", 0o644)
        private.parent.chmod(0o700)
    return private.read_text()
