"""Slow answers for people: in a few threads of their own, one at a time for each person, and with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Annotated, Any

from fastapi import Depends, HTTPException

from turnup.domain.errors import Transient

THREADS = 4
SECONDS = 90.0
"""A plan of forty servers takes some; who is silent costs a timeout each."""


class Queue:
    """Work of which a person has one at a time; after `seconds` nobody waits for it any more, and it ends by itself."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="turnup-plan")
        self._busy: set[str] = set()

    async def answer[R](self, person: str, work: Callable[[], R], gave_up: Event | None = None) -> R:
        """What the work answers. HTTPException 429: they have some going on. Transient: it takes too long, and `gave_up` is set.

        Work that does something looks at `gave_up` right before: nobody is told of what it does afterwards.
        """
        if person in self._busy:
            text = "The plan that you asked for before is still being made: try again in a moment."
            raise HTTPException(429, text, headers={"Retry-After": "2"})
        self._busy.add(person)
        going_on = asyncio.get_running_loop().run_in_executor(self._pool, work)
        going_on.add_done_callback(lambda done: self._done(person, done))
        try:
            return await asyncio.wait_for(asyncio.shield(going_on), self._seconds)
        except TimeoutError:
            if gave_up is not None:
                gave_up.set()
            what = f"This takes longer than {self._seconds:.0f} s: NetBox, or a server that is asked, is slow."
            raise Transient(what, "try again, or choose fewer servers.") from None

    def _done(self, person: str, done: asyncio.Future[Any]) -> None:
        self._busy.discard(person)
        if not done.cancelled():
            done.exception()  # looked at, also where nobody waits any more


_QUEUE = Queue()


def queue() -> Queue:
    """The one of this API server."""
    return _QUEUE


InTurn = Annotated[Queue, Depends(queue)]
"""A route's parameter of this type is that queue."""
