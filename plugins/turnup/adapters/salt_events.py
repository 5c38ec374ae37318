"""The Salt master's event stream, read once a process for everybody who waits for jobs.

A return that comes as an event spares the master's job cache a look-up of nearly a second. The stream may miss events (it
reconnects), so it only makes things faster: `SaltApi` asks the job cache as well, less often.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import TurnupError
from turnup.ports import Returned

KEEP_JOBS = 4096  # returns waited for at most
KEEP_BYTES = 64 * 2**20  # of returns, as JSON
KEEP_MINIONS = 16384
IDLE = 900.0  # seconds after the last question when the stream is closed
BACKOFF = (1.0, 60.0)  # seconds between attempts to connect: first, longest
LOOK_UP_FIRST = (0.0, 2.0, 5.0)  # seconds to the first look-ups of a job: its event may have come before anybody asked
LOOK_UP_EVERY = (10.0, 30.0)  # seconds between the later ones: without the stream, with it

RETURN = re.compile(r"salt/job/(\d+)/ret/(.+)")
START = re.compile(r"salt/minion/(.+)/start")


@dataclass
class _Waiting:
    asked: float  # monotonic time of the last look-up in the job cache
    times: int = 0  # how often it was looked up
    returned: Returned | None = None
    size: int = 0


class EventStream:
    """Remembers which minions were heard, and what returned for the jobs that somebody waits for. Safe to share by threads."""

    def __init__(self, session: SaltSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted_until = 0.0
        self._connected = False
        self._jobs: OrderedDict[tuple[str, str], _Waiting] = OrderedDict()
        self._bytes = 0
        self._heard: OrderedDict[str, float] = OrderedDict()
        self._pinged: OrderedDict[str, float] = OrderedDict()

    def returned(self, job_id: str, minion_id: str) -> Returned | None:
        """What came for the job since somebody first asked for it."""
        with self._lock:
            self._want()
            key = (job_id, minion_id)
            waiting = self._jobs.setdefault(key, _Waiting(asked=float("-inf")))
            self._jobs.move_to_end(key)
            self._shrink()
            return waiting.returned

    def look_up_due(self, job_id: str, minion_id: str) -> bool:
        """Whether it is time to ask the job cache for this job; whoever is told yes is the one who asks."""
        with self._lock:
            waiting = self._jobs.get((job_id, minion_id))
            if waiting is None:
                return True
            now = time.monotonic()
            early = waiting.times < len(LOOK_UP_FIRST)
            if now - waiting.asked < (LOOK_UP_FIRST[waiting.times] if early else LOOK_UP_EVERY[self._connected]):
                return False
            waiting.asked, waiting.times = now, waiting.times + 1
            return True

    def keep(self, job_id: str, minion_id: str, returned: Returned, size: int) -> None:
        """Keep what returned, for whoever asks again; `size` is its JSON's in bytes. Not kept where nobody asked."""
        self.hear(minion_id)
        with self._lock:
            waiting = self._jobs.get((job_id, minion_id))
            if waiting is not None and waiting.returned is None:
                waiting.returned, waiting.size = returned, size
                self._bytes += size
                self._shrink()

    def heard_within(self, minion_id: str, seconds: float) -> bool:
        """Whether the minion started or returned something that lately."""
        with self._lock:
            self._want()
            return time.monotonic() - self._heard.get(minion_id, float("-inf")) < seconds

    def ping_due(self, minion_id: str, seconds: float) -> bool:
        """Whether the minion was not pinged that lately; whoever is told yes is the one who pings."""
        with self._lock:
            now = time.monotonic()
            if now - self._pinged.get(minion_id, float("-inf")) < seconds:
                return False
            _remember(self._pinged, minion_id, now)
            return True

    def hear(self, minion_id: str) -> None:
        """Note that the minion answered."""
        with self._lock:
            _remember(self._heard, minion_id, time.monotonic())
            self._pinged.pop(minion_id, None)

    def _want(self) -> None:
        self._wanted_until = time.monotonic() + IDLE
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._read, name="salt-events", daemon=True)
            self._thread.start()

    def _read(self) -> None:
        pause = BACKOFF[0]
        while time.monotonic() < self._wanted_until:
            try:
                with self._session.events() as lines:
                    self._connected, pause = True, BACKOFF[0]
                    for tag, event, size in _events(iter(lines.readline, b"")):
                        self._take(tag, event, size)
                        if time.monotonic() >= self._wanted_until:
                            break
            except (TurnupError, OSError, ValueError):
                pass  # the job cache is asked instead, more often
            finally:
                self._connected = False
            time.sleep(pause)
            pause = min(2 * pause, BACKOFF[1])

    def _take(self, tag: str, event: Any, size: int) -> None:
        """Minions may fire events of their own under any tag: an event counts only where its data agrees with its tag."""
        data = event.get("data")
        if not isinstance(data, dict):
            return
        if (match := START.fullmatch(tag)) and data.get("id") == match[1]:
            self.hear(match[1])
        elif (
            (match := RETURN.fullmatch(tag))
            and data.get("cmd") == "_return"
            and (data.get("jid"), data.get("id")) == match.groups()
            and "return" in data
        ):
            self.keep(match[1], match[2], as_returned(data), size)

    def _shrink(self) -> None:
        while len(self._jobs) > KEEP_JOBS or self._bytes > KEEP_BYTES:
            self._bytes -= self._jobs.popitem(last=False)[1].size


def as_returned(data: dict[str, Any]) -> Returned:
    """A return as Salt describes it, in an event or in the job cache. Salt leaves out what went well, in places."""
    retcode = data.get("retcode", 0)
    return Returned(
        success=data.get("success", retcode == 0) is True,
        retcode=retcode if isinstance(retcode, int) else 1,
        value=data["return"],
    )


def _events(lines: Iterator[bytes]) -> Iterator[tuple[str, Any, int]]:
    """(tag, event, bytes) of each event that may matter; the others are not parsed."""
    tag = ""
    for line in lines:
        if line.startswith(b"tag: "):
            tag = line[5:].decode(errors="replace").strip()
        elif line.startswith(b"data: ") and (RETURN.fullmatch(tag) or START.fullmatch(tag)):
            event = json.loads(line[6:])
            if isinstance(event, dict):
                yield tag, event, len(line)


def _remember(times: OrderedDict[str, float], name: str, now: float) -> None:
    times[name] = now
    times.move_to_end(name)
    while len(times) > KEEP_MINIONS:
        times.popitem(last=False)


_streams: dict[object, EventStream] = {}
_streams_lock = threading.Lock()


def shared_stream(session: SaltSession) -> EventStream:
    """The process's one stream of this salt-api and account."""
    with _streams_lock:
        return _streams.setdefault(session.identity, EventStream(session))
