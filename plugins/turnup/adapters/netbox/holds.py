"""Holds as NetBox has them: sites that carry the tag, with reason and reach in custom fields. One request for all of them."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from turnup.adapters.netbox.client import Client, Row
from turnup.domain.errors import Refused
from turnup.domain.holds import HOLD_TAG, Hold

FRESH = 30.0
"""Seconds for which one look serves every row: forty servers of a rack begin their rows together."""

FILE = "holds.json"


@dataclass(frozen=True)
class Look:
    """What a NetBox (its URL) said of holds, and when (seconds since 1970)."""

    url: str
    at: float
    holds: tuple[Hold, ...]


LOOK = TypeAdapter(Look)


def read_holds(client: Client) -> tuple[Hold, ...]:
    """Every site with the tag: 1 request. Refused: this NetBox has no such tag, so nobody could stop anything."""
    try:
        rows = client.rows("dcim/sites", tag=HOLD_TAG, fields="slug,custom_fields")
    except Refused as error:
        raise Refused(f"Holds cannot be read: {error.what}", "run `turnup-netbox ensure` against this NetBox.") from error
    return tuple(_hold(row["slug"], row["custom_fields"] or {}) for row in rows)


def _hold(site: str, custom: Row) -> Hold:
    return Hold(site, custom.get("turnup_hold_reason") or "", bool(custom.get("turnup_hold_all")))


class RecentHolds:
    """Holds by NetBox's URL, read anew when the last look is older than `FRESH`. A look that failed is not remembered.

    Processes that share a folder share their looks: tasks of a run follow each other within seconds. `clock` gives seconds of a
    clock that all of them have.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, Look] = {}

    def of(self, client: Client, folder: Path | None = None) -> tuple[Hold, ...]:
        """The holds of this client's NetBox. One caller at a time asks; the others get its answer."""
        with self._lock:
            look = self._seen.get(client.url)
            if not self._is_fresh(look) and folder is not None:
                look = _left_there(folder, client.url)
            if look is None or not self._is_fresh(look):
                holds = read_holds(client)
                look = Look(client.url, self._clock(), holds)
                if folder is not None:
                    _leave_there(folder, look)
            self._seen[client.url] = look
            return look.holds

    def _is_fresh(self, look: Look | None) -> bool:
        return look is not None and 0 <= self._clock() - look.at < FRESH


def _left_there(folder: Path, url: str) -> Look | None:
    """What another process saw; what cannot be read was not seen."""
    try:
        found = LOOK.validate_json((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return found if found.url == url else None


def _leave_there(folder: Path, look: Look) -> None:
    """For the others. A folder that cannot be written to costs them a look of their own."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, delete=False) as new:
        new.write(LOOK.dump_json(look))
        new.flush()
        Path(new.name).replace(folder / FILE)


RECENT = RecentHolds()
