"""One run's folder in the report store: write-once files, each with its SHA-256 beside it.

The store is a local folder, or any object storage that Airflow knows (`s3://connection@bucket/...`). On a local folder two
writers cannot both succeed; on object storage the check and the write are two requests.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from turnup.domain.errors import Conflict, Refused, Transient

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

CHECKSUM = ".sha256"
PART = ".part"


class RunRecords:
    """The `Records` port for one run. `root` is the store's folder: a path, a `file://` URL or another storage's URL."""

    def __init__(self, root: str, dag_id: str, run_id: str) -> None:
        self._folder = _store(root) / "runs" / _segment(dag_id) / _segment(run_id)

    def write(self, name: str, content: bytes) -> str:
        """Keep it, unless another content is there: Conflict."""
        path, sha256 = self._path(name), hashlib.sha256(content).hexdigest()
        with self._failures(), self._alone():
            # The checksum comes first: without its content it says nothing, and whoever died in between has written nothing.
            if not path.exists():
                _checksum(path).unlink(missing_ok=True)
                _create(_checksum(path), f"{sha256}\n".encode())
            if not _create(path, content) and path.read_bytes() != content:
                raise Conflict(
                    f"The record {name} is there already with another content.",
                    "Start a new run: records are never rewritten.",
                    cause="record-conflict",
                )
            if _checksum(path).read_text().strip() != sha256:
                raise Refused(
                    f"The checksum of the record {name} was changed.",
                    "Find out by whom; start a new run.",
                    cause="record-changed",
                )
        return sha256

    def read(self, name: str) -> bytes | None:
        """The content as it was written."""
        path = self._path(name)
        with self._failures():
            if not path.exists():
                return None
            content = path.read_bytes()
            checksum = _checksum(path)
            if not checksum.exists() or checksum.read_text().strip() != hashlib.sha256(content).hexdigest():
                raise Refused(
                    f"The record {name} was changed after it was written.",
                    "Find out by whom; start a new run.",
                    cause="record-changed",
                )
        return content

    def names(self, folder: str) -> tuple[str, ...]:
        """Names relative to the run's folder; an empty `folder` means all of it."""
        with self._failures():
            return tuple(sorted(_below(self._path(folder) if folder else self._folder, folder)))

    def _path(self, name: str) -> Path | ObjectStoragePath:
        path = self._folder
        for segment in name.split("/"):
            path = path / _segment(segment)
        if name.endswith((CHECKSUM, PART)):
            raise Refused(f"{name!r} is not a record's name: its ending is the store's own.")
        return path

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time in this run's folder, where it is a local one."""
        if not isinstance(self._folder, Path):
            yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f".writer{PART}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Transient(
                f"The report store failed at {self._folder} ({error.strerror or type(error).__name__}).",
                "Look at its rights and free space.",
                cause="report-store-failing",
            ) from error


@dataclass(frozen=True)
class StoredRun:
    """A run that has a folder, and when something was last put at its top (seconds since 1970)."""

    dag_id: str
    run_id: str
    touched: float


def stored_runs(root: str) -> list[StoredRun]:
    """Every run that has a folder in the store, the newest first."""
    found: list[StoredRun] = []
    folder = _store(root) / "runs"
    try:
        for dag in folder.iterdir() if folder.is_dir() else ():
            if dag.is_dir():
                runs = [run for run in dag.iterdir() if run.is_dir()]
                found += [StoredRun(unquote(dag.name), unquote(run.name), run.stat().st_mtime) for run in runs]
    except OSError as error:
        raise Transient(
            f"The report store failed at {folder} ({error.strerror or type(error).__name__}).",
            "Look at its rights and free space.",
            cause="report-store-failing",
        ) from error
    return sorted(found, key=lambda one: (one.touched, one.run_id), reverse=True)


def _store(root: str) -> Path | ObjectStoragePath:
    """A local path without Airflow's import, which takes longer than the work."""
    if root.startswith("file://"):
        return Path(unquote(root.removeprefix("file://")))
    if "://" not in root:
        return Path(root)
    from airflow.sdk import ObjectStoragePath  # noqa: PLC0415

    return ObjectStoragePath(root)


def _segment(text: str) -> str:
    """One path segment that stands for exactly this text, whatever it holds."""
    if text in {"", ".", ".."}:
        raise Refused(f"{text!r} cannot be part of a record's name.")
    return quote(text, safe=" ")


def _checksum(path: Path | ObjectStoragePath) -> Path | ObjectStoragePath:
    return path.with_name(path.name + CHECKSUM)


def _create(path: Path | ObjectStoragePath, content: bytes) -> bool:
    """Write it whole, and only if nothing is there; False where something is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(path, Path):
        if path.exists():
            return False
        path.write_bytes(content)
        return True
    handle, part = tempfile.mkstemp(prefix=".", suffix=PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(0o644)
        path.hardlink_to(part)
    except FileExistsError:
        return False
    finally:
        Path(part).unlink(missing_ok=True)
    return True


def _below(folder: Path | ObjectStoragePath, name: str) -> Iterator[str]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        below = f"{name}/{unquote(path.name)}" if name else unquote(path.name)
        if path.is_dir():
            yield from _below(path, below)
        elif not path.name.endswith((CHECKSUM, PART)):
            yield below
