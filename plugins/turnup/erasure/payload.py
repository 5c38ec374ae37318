"""What an acceptance image needs to erase drives, and no other image may have: two programs, a marker, a public key.

    python -m turnup.erasure.payload ORDER.pub FOLDER

puts it below FOLDER, the root of an image in the making. Each program is one file: an executable zip archive of Python sources,
for any Python from 3.11 with nothing but its standard library. In the image have to be besides: /usr/bin/python3, openssl,
lsblk, dmidecode, dd, stdbuf, blkdiscard, and nvme or hdparm for drives that these speak to.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from turnup.erasure.agent.machine import MARKER, PUBLIC_KEY, marker

WIPE, PROVE = "usr/sbin/turnup-wipe", "usr/sbin/turnup-prove"
PATHS = (WIPE, PROVE, str(MARKER), str(PUBLIC_KEY))
"""Everything that this adds to an image. A production image has none of it."""

_ROOT = Path(__file__).parents[2]
_SHARED = (
    "__init__",
    "erasure/__init__",
    "erasure/canonical",
    "erasure/drives",
    "erasure/orders",
    "erasure/release",
    "erasure/states",
)
_WIPING = ("discovery", "erasure/capabilities", "erasure/levels")
_INTERPRETER = b"#!/usr/bin/python3 -I\n"
_THEN = (1980, 1, 1, 0, 0, 0)


def files(public_key: bytes) -> Mapping[str, tuple[bytes, int]]:
    """{path in the image: (content, mode)}, for an image that obeys orders signed by this key (PEM)."""
    return {
        WIPE: (_program("agent", _SHARED + _WIPING + _modules("agent") + _modules("methods")), 0o755),
        PROVE: (_program("prover", (*_SHARED, "erasure/proof", *_modules("prover"))), 0o755),
        str(MARKER): (marker(public_key).encode(), 0o644),
        str(PUBLIC_KEY): (public_key, 0o644),
    }


def _modules(folder: str) -> tuple[str, ...]:
    return tuple(f"erasure/{folder}/{file.stem}" for file in sorted((Path(__file__).parent / folder).glob("*.py")))


def _program(package: str, modules: tuple[str, ...]) -> bytes:
    """An executable archive of these modules, the same bytes for the same sources."""
    raw = io.BytesIO(_INTERPRETER)
    raw.seek(0, io.SEEK_END)
    with zipfile.ZipFile(raw, "a", zipfile.ZIP_DEFLATED) as archive:
        main = f"import sys\nfrom turnup.erasure.{package}.program import main\nsys.exit(main(sys.argv[1:]))\n"
        archive.writestr(zipfile.ZipInfo("__main__.py", _THEN), main)
        for module in modules:
            archive.writestr(zipfile.ZipInfo(f"turnup/{module}.py", _THEN), (_ROOT / "turnup" / f"{module}.py").read_bytes())
    return raw.getvalue()


def main(words: list[str]) -> int:
    """Put it below a folder."""
    if len(words) != 2:
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    for name, (content, mode) in files(Path(words[0]).read_bytes()).items():
        file = Path(words[1], name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
