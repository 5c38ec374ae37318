"""The serial console: every line that a server prints, with its time, in a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

_LONGEST = 2_000_000  # bytes; a longer log is begun again at the next power-on, its end kept as console.log.1


class SerialConsole:
    """Appends lines to a console log; the images write to the same file through their /dev/console."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def say(self, text: str, who: str = "firmware") -> None:
        """One line, or one for each that `text` has."""
        now = datetime.now().astimezone().strftime("%F %T")
        with self.file.open("a") as log:
            log.writelines(f"{now} {who}: {line}\n" for line in text.splitlines() or [""])

    def rotate(self) -> None:
        """Keeps the file from growing for ever."""
        if self.file.exists() and self.file.stat().st_size > _LONGEST:
            self.file.replace(self.file.with_name(f"{self.file.name}.1"))
