"""A report's id: the run's DAG and run id, such that it can stand in any URL or file name, and be read back."""

from __future__ import annotations

import re

PATTERN = r"(?:[A-Za-z0-9_-]|~[0-9a-f]{2})+\.(?:[A-Za-z0-9_-]|~[0-9a-f]{2})+"
"""What an id looks like: two parts with one dot between them, so it is never a path, and `.json` can follow it."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9_-]")


def identifier(dag_id: str, run_id: str) -> str:
    """`server_install` and `manual__2026-11-22T06:30` become `server_install.manual__2026-11-22T06~3a30`."""
    return f"{_escaped(dag_id)}.{_escaped(run_id)}"


def read(text: str) -> tuple[str, str] | None:
    """The DAG and the run id that an id stands for; None for whatever is no id."""
    if not re.fullmatch(PATTERN, text):
        return None
    try:
        dag_id, run_id = (_unescaped(part) for part in text.split("."))
    except UnicodeDecodeError:
        return None
    return (dag_id, run_id) if identifier(dag_id, run_id) == text else None


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda found: b"~%02x" % found.group()[0], text.encode()).decode()


def _unescaped(part: str) -> str:
    return re.sub(rb"~([0-9a-f]{2})", lambda found: bytes([int(found.group(1), 16)]), part.encode()).decode()
