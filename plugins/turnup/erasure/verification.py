"""Whether a certificate is to be believed: signature, form, and that it covers every sealed drive and no other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnup.erasure import canonical, certificates, sealed_list, signing
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.signing import BadSignature


def why_bad(content: str | bytes, public_key: str, sealed: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Every reason not to believe a signed certificate; none: it is good. `sealed`: the seal's document, where it is at hand."""
    try:
        kind = str(canonical.read(content).get("kind"))
        if kind not in (certificates.DRIVE, certificates.RUN):
            return (f"this is no certificate: its kind is {kind!r}",)
        document = signing.opened(kind, content, public_key)
        wanted = sealed_list.read(sealed) if sealed is not None else None
    except (NotCanonical, BadSignature) as error:
        return (str(error),)
    if document.get("version") != certificates.VERSION:
        return (f"a certificate of version {document.get('version')!r}, known is {certificates.VERSION}",)
    try:
        found = _run(document, wanted) if kind == certificates.RUN else _drive(document, wanted)
    except (KeyError, TypeError, AttributeError, NotCanonical) as error:
        return (f"this is no certificate: {error!r}",)
    return tuple(found)


def _drive(document: Mapping[str, Any], wanted: sealed_list.SealedList | None) -> list[str]:
    """One drive's certificate, and that its drive is sealed."""
    media, serial = document["media"], document["media"]["serial_number"]
    found = []
    if document["verification"]["result"] != "passed":
        found.append(f"{serial}: the verification was not passed")
    if document["sanitization"]["method"] not in ("clear", "purge"):
        found.append(f"{serial}: sanitized by no method that is known")
    if wanted is None:
        return found
    if document["order"]["seal_sha256"] != wanted.sha256:
        found.append(f"{serial}: it is of another seal")
    server = wanted.server(media["media_source"]["server_serial_number"])
    if server is None or (serial, media["size_bytes"]) not in {drive.identity for drive in server.drives}:
        found.append(f"{serial}: this drive is not in the seal")
    return found


def _run(document: Mapping[str, Any], wanted: sealed_list.SealedList | None) -> list[str]:
    """The run's certificate: its seal, every drive of it once, and the certificates that it speaks of."""
    sealed = sealed_list.read(document["seal"])
    found = []
    if document["seal_sha256"] != sealed.sha256:
        found.append("the hash of the seal is not that of the seal in it")
    if wanted is not None and wanted.sha256 != sealed.sha256:
        found.append("it is of another seal")
    here = [(server["serial"], drive["serial"], drive["size"]) for server in document["servers"] for drive in server["drives"]]
    should = [(server.serial, *drive.identity) for server in sealed.servers for drive in server.drives]
    found += [f"{one[1]}: this drive is sealed and missing" for one in should if one not in here]
    found += [f"{one[1]}: this drive is not in the seal" for one in here if one not in should]
    found += [f"{one[1]}: this drive is listed twice" for one in sorted(set(here)) if here.count(one) > 1]
    by_hash = {canonical.sha256(one): one for one in document["certificates"]}
    every = [drive for server in document["servers"] for drive in server["drives"]]
    for drive in every:
        if drive["result"] != "wiped":
            continue
        certificate = by_hash.pop(str(drive.get("certificate_sha256")), None)
        if certificate is None or certificate["media"]["serial_number"] != drive["serial"]:
            found.append(f"{drive['serial']}: it is called wiped, and its certificate is missing")
        else:
            found += _drive(certificate, sealed)
    found += [f"{one['media']['serial_number']}: a certificate for a drive that is not called wiped" for one in by_hash.values()]
    wiped = sum(drive["result"] == "wiped" for drive in every)
    if (document["wiped"], document["to_be_shredded"]) != (wiped, len(every) - wiped):
        found.append("its sums are not those of its drives")
    return found
