"""A steady stream of requests to the site's service, counted: how many were asked, who answered, and everything that failed.

    python -m lab.clients.steady [URL] [--rate 120] [--seconds 30]

Each client keeps a connection for some requests and then opens a new one, as browsers do. Nothing is tried again: what a person
would have seen as an error counts as one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CLIENTS = 8
REQUESTS_A_CONNECTION = 50
TIMEOUT = 5.0  # seconds
EXAMPLES = 5


@dataclass
class Count:
    """What came of the requests. `servers` {who answered: how often}; `problems` are the first few failures, in words."""

    asked: int = 0
    failed: int = 0
    seconds: float = 0.0
    servers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.asked / self.seconds if self.seconds else 0.0


class Steady:
    """So many requests a second, from entering the block until leaving it. `count` may be read at any time."""

    def __init__(self, url: str, rate: float = 120.0) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port or 80, parts.path or "/"
        self._pause = CLIENTS / rate
        self._count, self._began = Count(), time.monotonic()
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._clients = [threading.Thread(target=self._ask_on, args=(number,), daemon=True) for number in range(CLIENTS)]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        for client in self._clients:
            client.join(2 * TIMEOUT)

    def count(self) -> Count:
        """As it is now."""
        with self._lock:
            now = self._count
            seconds = now.seconds if self._ending.is_set() else time.monotonic() - self._began
            return Count(now.asked, now.failed, seconds, Counter(now.servers), list(now.problems))

    def _ask_on(self, number: int) -> None:
        """One client. It keeps to its times: one that was held up by a slow answer asks the sooner afterwards."""
        connection, left = self._connection(), REQUESTS_A_CONNECTION
        due = self._began + self._pause * number / CLIENTS
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            server, problem = self._ask(connection)
            self._note(server, problem)
            left -= 1
            if problem or not left:
                connection.close()
                connection, left = self._connection(), REQUESTS_A_CONNECTION
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> tuple[str, str]:
        """(who answered, what went wrong)."""
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return "", f"{type(error).__name__}: {error}"
        return (text, "") if answer.status == http.HTTPStatus.OK else ("", f"HTTP {answer.status}")

    def _note(self, server: str, problem: str) -> None:
        with self._lock:
            self._count.asked += 1
            self._count.seconds = time.monotonic() - self._began
            if problem:
                self._count.failed += 1
                self._count.problems += [problem] if len(self._count.problems) < EXAMPLES else []
            else:
                self._count.servers[server] += 1

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)


def main() -> None:
    """Ask for some time, print what came of it as JSON; exit code 1 where a request failed."""
    from lab.services import haproxy  # noqa: PLC0415 - its address is only the usual one

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", default=haproxy.url())
    parser.add_argument("--rate", type=float, default=120.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    with Steady(asked.url, asked.rate) as clients:
        time.sleep(asked.seconds)
    count = clients.count()
    print(json.dumps(vars(count) | {"rate": round(count.rate, 1)}))
    raise SystemExit(1 if count.failed else 0)


if __name__ == "__main__":
    main()
