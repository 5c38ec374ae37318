"""Boot scripts as plain files in the folder that the boot web server serves: `<mac>.ipxe`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from turnup.domain.errors import Refused, Transient

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class BootFolder:
    """The `BootFiles` port on a folder. A reader finds the old script or the new one, never half of one."""

    def __init__(self, path: str | Path) -> None:
        self._folder = Path(path)

    def write(self, mac: str, script: str) -> None:
        """Put the script in place of the MAC's old one, readable for the web server."""
        target = self._file(mac)
        with self._failures():
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as part:
                    part.write(script)
                    part.flush()
                    os.fsync(part.fileno())
                Path(name).chmod(0o644)
                Path(name).replace(target)
            finally:
                Path(name).unlink(missing_ok=True)

    def remove(self, mac: str) -> None:
        """Delete the MAC's script; none is no error."""
        target = self._file(mac)
        with self._failures():
            target.unlink(missing_ok=True)

    def read(self, mac: str) -> str | None:
        """The MAC's script."""
        target = self._file(mac)
        with self._failures():
            try:
                return target.read_text(encoding="utf-8")
            except FileNotFoundError:
                return None

    def macs(self) -> tuple[str, ...]:
        """By the names of the files; whatever else lies there is served to nobody's firmware."""
        with self._failures():
            return tuple(
                sorted(path.stem for path in self._folder.iterdir() if path.suffix == ".ipxe" and MAC.fullmatch(path.stem))
            )

    def _file(self, mac: str) -> Path:
        if not MAC.fullmatch(mac):
            raise Refused(f"{mac!r} is not a MAC address in lower case with colons.")
        return self._folder / f"{mac}.ipxe"

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise Refused(
                f"The boot folder {self._folder} is not there.", "Correct the site's boot connection.", cause="boot-folder"
            ) from error
        except OSError as error:
            raise Transient(
                f"The boot folder {self._folder} failed: {error.strerror}.",
                "Look at its rights and free space.",
                cause="boot-folder-failing",
            ) from error
