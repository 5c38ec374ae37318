"""Holds as NetBox has them: sites that carry the tag, with reason and reach in custom fields. One request for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from turnup.adapters.netbox.client import Client, Row
from turnup.domain.errors import Refused
from turnup.domain.holds import HOLD_TAG, Hold

FRESH = 20.0
"""Seconds for which one look serves every row of this process: forty servers of a rack begin their rows together."""


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
    """Holds by NetBox's URL, read anew when the last look is older than `FRESH`. A look that failed is not remembered."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, tuple[Hold, ...]]] = {}

    def of(self, client: Client) -> tuple[Hold, ...]:
        """The holds of this client's NetBox. One caller at a time asks; the others get its answer."""
        with self._lock:
            at, holds = self._seen.get(client.url, (float("-inf"), ()))
            if self._clock() - at >= FRESH:
                holds = read_holds(client)
                self._seen[client.url] = (self._clock(), holds)
            return holds


RECENT = RecentHolds()
