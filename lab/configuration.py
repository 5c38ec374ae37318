"""Generated files: written with their permissions from the first byte, and only when something changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def write(path: Path, text: str, mode: int = 0o600) -> bool:
    """Makes the file hold `text`; True when it did not before. Readers never see half of it."""
    if path.exists() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    new.chmod(mode)
    new.replace(path)
    return True


def digest(*paths: Path) -> str:
    """One short hash over the content of files: a program that is given it is restarted when they change."""
    summary = hashlib.sha256()
    for path in paths:
        summary.update(path.read_bytes())
    return summary.hexdigest()[:12]
