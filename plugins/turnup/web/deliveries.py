"""What NetBox delivers is taken here: measured, its signature checked, read, answered; one line in the log for each.

Work goes to four threads of its own, so that a flood of deliveries keeps none of Airflow's pages waiting. Deliveries of one
NetBox request wait for each other: the first one looks into NetBox, the others find its run.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from starlette.requests import ClientDisconnect

from turnup.domain.errors import Transient, TurnupError
from turnup.domain.plain_text import plain
from turnup.domain.webhooks import LONGEST, SIGNATURE, Delivery, Ignored, is_signed, read
from turnup.orchestration.granting import Granted
from turnup.orchestration.hooks.turnup_webhooks import Door

LOG = logging.getLogger("turnup.webhooks")
COUNTS: Counter[tuple[str, str]] = Counter()
"""{(`accepted`, `ignored` or `refused`, why): deliveries since this process began}."""

THREADS = 4
MOST_WAITING = 5000
SECONDS_TO_SEND = 15.0
DISCARDED = 16 * LONGEST
"""Bytes of a body that is too long which are read and dropped, so that who sends it gets to see the answer."""
FRESH = 10.0
"""Seconds for which the connection is not read again: a changed secret counts so much later."""


@dataclass(frozen=True)
class Answer:
    """What the sender gets, and what is logged: the outcome, why, and a text, which the sender sees unless it is `hidden`."""

    status: int
    outcome: str
    why: str
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False

    @property
    def content(self) -> dict[str, Any]:
        """The body of the answer."""
        detail = "This was not taken. turnup's log says more." if self.hidden else self.text
        return {"status": self.outcome, "reason": self.why, "detail": detail, **self.more}


class TurnedAway(Exception):
    """A delivery is not taken; `answer` says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


UNSIGNED = Answer(401, "refused", "signature", "The signature is missing or wrong.")
TOO_LARGE = Answer(413, "refused", "too-large", f"The body has more than {LONGEST} bytes.")
CUT_OFF = Answer(400, "refused", "cut-off", "The body did not arrive.")
NO_JSON = Answer(422, "refused", "content-type", "The body makes no sense: its Content-Type is not application/json.")
BUSY = Answer(503, "refused", "busy", "Too many deliveries wait here.")


class Desk:
    """Takes deliveries. `door` reads what the connection says; `grant` does what is to be done about a delivery, in a thread."""

    def __init__(
        self,
        door: Callable[[], Door],
        grant: Callable[[Door, Delivery], Granted | Ignored],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_door = door
        self._grant = grant
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="turnup-webhook")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._door_lock = threading.Lock()
        self._door: tuple[float, Door] | None = None
        self._waiting = 0

    async def take(self, headers: Mapping[str, str], chunks: AsyncIterator[bytes], sender: str) -> Answer:
        """Answer one delivery."""
        about: Delivery | None = None
        try:
            found, door = await self._found(headers, chunks)
            if isinstance(found, Delivery):
                about = found
                async with self._turns.setdefault(found.request_id, asyncio.Lock()):
                    answer = await self._in_thread(lambda: self._done(door, about))
            else:
                answer = _ignored(found)
        except TurnedAway as away:
            answer = away.answer
        _tell(answer, about, sender)
        return answer

    async def _found(self, headers: Mapping[str, str], chunks: AsyncIterator[bytes]) -> tuple[Delivery | Ignored, Door]:
        """What was delivered, after everything that is asked of a body. TurnedAway: it is not taken."""
        body = await _body(chunks)
        if self._waiting >= MOST_WAITING:
            raise TurnedAway(BUSY)
        door = self._known_door()
        if door is None:
            door = await self._in_thread(self._opened)
        if not is_signed(body, headers.get(SIGNATURE, ""), door.secrets):
            raise TurnedAway(UNSIGNED)
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise TurnedAway(NO_JSON)
        try:
            return read(body), door
        except TurnupError as error:
            raise TurnedAway(Answer(422, "refused", "senseless", error.what)) from None

    async def _in_thread[R](self, work: Callable[[], R]) -> R:
        """What the work answers. TurnedAway: for every error, whose text stays in the log."""
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TurnupError as error:
            why = "unavailable" if isinstance(error, Transient) else "not-now"
            raise TurnedAway(Answer(503, "refused", why, str(error), hidden=True)) from None
        except Exception as error:
            LOG.exception("A delivery was not taken:")
            raise TurnedAway(Answer(503, "refused", "defect", type(error).__name__, hidden=True)) from None
        finally:
            self._waiting -= 1

    def _known_door(self) -> Door | None:
        """What the connection said some seconds ago: what is not signed waits for no thread."""
        known = self._door
        return known[1] if known is not None and self._clock() - known[0] < FRESH else None

    def _opened(self) -> Door:
        """What the connection says. Of several that ask at once, one reads it."""
        with self._door_lock:
            known = self._known_door()
            if known is None:
                known = self._read_door()
                self._door = self._clock(), known
            return known

    def _done(self, door: Door, delivery: Delivery) -> Answer:
        result = self._grant(door, delivery)
        return _ignored(result) if isinstance(result, Ignored) else _accepted(result)


async def _body(chunks: AsyncIterator[bytes]) -> bytes:
    """The whole body. TurnedAway: it is too long, whatever its header says, or it does not come."""
    kept, length = bytearray(), 0
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            async for chunk in chunks:
                length += len(chunk)
                if length <= LONGEST:
                    kept += chunk
                elif length > DISCARDED:
                    break
    except (TimeoutError, ClientDisconnect):
        raise TurnedAway(CUT_OFF) from None
    if length > LONGEST:
        raise TurnedAway(TOO_LARGE)
    return bytes(kept)


def _tell(answer: Answer, about: Delivery | None, sender: str) -> None:
    """One line in the log, and one more in the counts: the one place where deliveries are counted."""
    COUNTS[answer.outcome, answer.why] += 1
    who = f"request {about.request_id} of {plain(about.user, 60)}: " if about else ""
    level = logging.WARNING if answer.status >= 400 else logging.INFO
    text = plain(answer.text, 500)
    LOG.log(level, "webhook from %s %s (%s): %s%s", plain(sender, 60), answer.outcome, answer.why, who, text)


def _ignored(found: Ignored) -> Answer:
    return Answer(200, "ignored", found.why, found.text)


def _accepted(run: Granted) -> Answer:
    names = ", ".join(map(plain, run.servers))
    text = f"{run.dag_id}/{run.run_id} {'is started' if run.new else 'is there already'}: {names}."
    more = {"dag_id": run.dag_id, "run_id": run.run_id, "servers": list(run.servers)}
    return Answer(202, "accepted", "new" if run.new else "known", text, more)
