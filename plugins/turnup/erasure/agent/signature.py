"""Signatures are checked by `openssl`: it is in the image, well kept, and Python's standard library knows no Ed25519."""

from __future__ import annotations

import base64
import binascii
import subprocess
import tempfile
from pathlib import Path

_GOOD = "Signature Verified Successfully"
_SECONDS = 30


def why_bad(signed: bytes, signature: str, public_key: Path) -> str:
    """Nothing where `signature` (base64, Ed25519) is of `signed` and by the key; else the reason. What fails is bad."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return "it is not in base64"
    if not public_key.is_file():
        return f"this image has no {public_key.name}"
    with tempfile.TemporaryDirectory() as folder:
        text, file = Path(folder, "text"), Path(folder, "signature")
        text.write_bytes(signed)
        file.write_bytes(raw)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public_key), "-rawin", "-in", str(text)]
        try:
            done = subprocess.run(
                [*command, "-sigfile", str(file)], capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"openssl could not be run: {error}"
    if done.returncode == 0 and _GOOD in done.stdout:
        return ""
    return "it is not by the key of this image" if done.returncode == 1 else f"openssl ended with {done.returncode}"
