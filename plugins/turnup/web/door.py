"""The application that Airflow mounts. It opens at the first request: a plugin is loaded by every process, and only one serves.

So turnup costs the others no import, and a defect in a page is an answer of 503, not an API server that does not start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

MOUNT = "/turnup"

type Message = MutableMapping[str, Any]
type Application = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

LOG = logging.getLogger("turnup.web")
CLOSED = b"turnup's pages could not be loaded: the API server's log says why.\n"


class Door:
    """Hands requests to the application behind it; `make` makes that once, when the first one comes."""

    def __init__(self, make: Callable[[], Application]) -> None:
        self._opened = cache(make)

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        try:
            application = await asyncio.to_thread(self._opened)
        except Exception:
            LOG.exception("turnup's pages could not be loaded:")
            await _closed(scope, send)
        else:
            await application(scope, receive, send)


async def _closed(scope: Message, send: Callable[[Message], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": CLOSED})


def _application() -> Application:
    from turnup.web.app import application  # noqa: PLC0415 -- see above

    return application()


door = Door(_application)
