"""Redis: NetBox's queue (database 0) and cache (database 1), kept in memory only."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from lab import configuration, paths
from lab.ports import port
from lab.secrets import secret
from lab.supervisor import Program

NAME = "redis"
QUEUE, CACHE = 0, 1
_CONFIG = paths.ETC / "redis.conf"


def configure() -> None:
    """Write its configuration."""
    lines = [
        "bind 127.0.0.1",
        f"port {port(NAME)}",
        f"requirepass {secret('redis')}",
        f"dir {paths.VAR}",
        'save ""',
        "appendonly no",
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
    ]
    configuration.write(_CONFIG, "\n".join(lines) + "\n")


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    return [Program(NAME, ["redis-server", str(_CONFIG)], {"LAB_CONFIG": configuration.digest(_CONFIG)})]


def url() -> str:
    """Where it answers."""
    return f"redis://127.0.0.1:{port(NAME)}"


def ready() -> bool:
    """Whether it answers."""
    try:
        return command("PING") == "+PONG"
    except OSError:
        return False


def command(*words: str, database: int = QUEUE) -> str:
    """Sends one command and returns the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port(NAME)), timeout=5) as connection, connection.makefile("rw") as stream:
        answer = ""
        for words_of_one in (("AUTH", secret("redis")), ("SELECT", str(database)), words):
            stream.write(" ".join(words_of_one) + "\r\n")
            stream.flush()
            answer = stream.readline().strip()
        return answer
