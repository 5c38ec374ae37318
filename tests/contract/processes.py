"""Small real servers that a contract test starts for itself on loopback, and ends."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

POLL = 0.1  # seconds


def eventually(condition: Callable[[], bool], what: str, within: float = 30.0) -> None:
    """Returns when the condition holds; fails after so many seconds, naming what was waited for."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(POLL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: Sequence[str], log: Path, port: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The program, from when it listens on the port until the block ends."""
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            if port is not None:
                eventually(lambda: process.poll() is not None or listens(port), f"{command[0]} listens on {port}")
            assert process.poll() is None, f"{command[0]} ended at once:\n{log.read_text()}"
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
