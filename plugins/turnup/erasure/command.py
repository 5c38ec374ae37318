"""`turnup-certificate`: checks certificates of sanitization, and prints them as a page.

    turnup-certificate verify FILE --key PUB [--seal SEAL]
    turnup-certificate page FILE > certificate.html

`verify` ends with 0 only where the signature is by that key, every field is as it was signed, and every sealed drive is covered.
Without a seal it holds a drive's certificate for one of the seal that the certificate names, and a run's against the seal in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from turnup.erasure import canonical, certificates, page, verification
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.signing import BadKey

GOOD, BAD, WRONG_WORDS = 0, 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """What the words ask for."""
    parser = argparse.ArgumentParser(prog="turnup-certificate", description="Certificates of sanitization.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="is it to be believed?")
    verify.add_argument("file", type=Path, metavar="FILE", help="the signed certificate (JSON), of a drive or of a run")
    verify.add_argument("--key", type=Path, required=True, metavar="PUB", help="the public key (PEM), had from elsewhere")
    verify.add_argument("--seal", type=Path, metavar="SEAL", help="the run's seal (JSON)")
    printed = commands.add_parser("page", help="as a page to be printed, on standard output")
    printed.add_argument("file", type=Path, metavar="FILE")
    asked = parser.parse_args(words)
    try:
        content = asked.file.read_bytes()
        if asked.command == "page":
            sys.stdout.write(page.page(content))
            return GOOD
        return _verify(content, asked.key.read_text(), asked.seal and canonical.read(asked.seal.read_bytes()))
    except (OSError, UnicodeDecodeError, NotCanonical, BadKey) as error:
        print(f"turnup-certificate: {error}", file=sys.stderr)
        return WRONG_WORDS


def _verify(content: bytes, public_key: str, sealed: dict[str, object] | None) -> int:
    reasons = verification.why_bad(content, public_key, sealed)
    for reason in reasons:
        print(f"BAD   {reason}")
    if reasons:
        return BAD
    envelope = canonical.read(content)
    document = envelope["document"]
    if envelope["kind"] == certificates.RUN:
        print(f"GOOD  {document['wiped']} drives wiped, {document['to_be_shredded']} to be pulled and shredded")
    else:
        print(f"GOOD  drive {document['media']['serial_number']}: {document['sanitization']['method']}")
    return GOOD


if __name__ == "__main__":
    sys.exit(main())
