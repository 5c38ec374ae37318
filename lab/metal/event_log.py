"""A server's event log as its BMC keeps it: power, boots and what went wrong with them, each with its time."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

OK, WARNING, CRITICAL = "OK", "Warning", "Critical"  # Redfish's severities
_LONGEST = 200_000  # bytes; a longer log is begun again, as a full one is by a BMC whose log wraps


@dataclass(frozen=True)
class Event:
    """One entry; `created` is ISO 8601 in UTC."""

    created: str
    severity: str
    message: str


class EventLog:
    """Appends events to a file, a line each. The metal, the firmware and the BMC are processes of their own and share it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, message: str, severity: str = OK) -> None:
        """It happened now."""
        event = Event(datetime.now(UTC).isoformat(timespec="seconds"), severity, message)
        if self.file.exists() and self.file.stat().st_size > _LONGEST:
            self.file.unlink()
        with self.file.open("a") as log:
            log.write(f"{json.dumps(asdict(event))}\n")

    def entries(self) -> list[Event]:
        """All of them, oldest first."""
        found = []
        with suppress(FileNotFoundError):
            for line in self.file.read_text().splitlines():
                with suppress(ValueError, TypeError):  # the machine stopped while it was written
                    found.append(Event(**json.loads(line)))
        return found
