"""The last entries of a BMC's logs. Vendors agree on the shape (DMTF's LogService and LogEntry), not on place, name or order.

| log      | where it is found                                                                                        |
|----------|----------------------------------------------------------------------------------------------------------|
| events   | OpenBMC `EventLog`, Supermicro `Log1`, HPE `IML`, Lenovo `PlatformLog` or `StandardLog`, Dell `Sel`         |
| console  | OpenBMC `HostLogger`                                                                                     |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from turnup.domain.plain_text import distinct, plain, without_tracebacks

EVENT_LOGS = ("eventlog", "sel", "iml", "platformlog", "standardlog", "log1", "log")
CONSOLE_LOGS = ("hostlogger",)
LAST = 20
LAST_LINES = 200  # of a console, whose last lines may say the same again and again

type Get = Callable[[str], Mapping[str, Any]]
"""Reads a Redfish path; an empty mapping where the BMC has nothing there."""


def events(get: Get, services: Iterable[str]) -> tuple[str, ...]:
    """Time, severity and message of the newest events, oldest first."""
    return tuple(_event(entry) for entry in _last(get, services, EVENT_LOGS, LAST))


def console(get: Get, services: Iterable[str]) -> tuple[str, ...]:
    """The newest lines of the host's console, each once, oldest first; of a program's traceback its last."""
    lines = without_tracebacks(str(entry.get("Message", "")) for entry in _last(get, services, CONSOLE_LOGS, LAST_LINES))
    return tuple(distinct(map(plain, lines))[-LAST:])


def _last(get: Get, services: Iterable[str], names: Sequence[str], count: int) -> list[Mapping[str, Any]]:
    """The newest entries of the first of these logs that there is; `services` are paths of collections of log services."""
    for path in services:
        members = [str(member.get("@odata.id", "")) for member in _rows(get(path))]
        by_name = {member.rstrip("/").rpartition("/")[2].lower(): member for member in members}
        log = next((by_name[name] for name in names if name in by_name), None)
        if log is not None:
            entries = str((get(log).get("Entries") or {}).get("@odata.id") or f"{log.rstrip('/')}/Entries")
            return _newest(get, entries, count)
    return []


def _newest(get: Get, path: str, wanted: int) -> list[Mapping[str, Any]]:
    """The newest entries, oldest first. Some BMCs page, some of them from the newest on; others send everything."""
    page = get(f"{path}?$top={wanted}") or get(path)
    rows = _rows(page)
    count = page.get("Members@odata.count")
    if isinstance(count, int) and count > len(rows) and _rises(rows):
        rows = rows[-wanted:] + _rows(get(f"{path}?$skip={max(len(rows), count - wanted)}&$top={wanted}"))
    if all(_time(row) for row in rows):
        rows.sort(key=lambda row: _time(row) or datetime.min.replace(tzinfo=UTC))
    return rows[-wanted:]


def _rises(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether older entries come first; so it is taken to be where they have no times."""
    first, last = (_time(row) for row in (rows[0], rows[-1])) if rows else (None, None)
    return first is None or last is None or first <= last


def _rows(collection: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    members = collection.get("Members")
    return [member for member in members if isinstance(member, Mapping)] if isinstance(members, list) else []


def _event(entry: Mapping[str, Any]) -> str:
    time = _time(entry)
    words = (time.isoformat(timespec="seconds") if time else "no time", entry.get("Severity") or "OK")
    return plain(f"{' '.join(map(str, words))} {entry.get('Message') or entry.get('MessageId') or 'no message'}")


def _time(entry: Mapping[str, Any]) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(entry.get("Created")))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
