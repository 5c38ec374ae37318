"""The chat's webhook, over real sockets: it takes, refuses, breaks, hangs or is not there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.notices.chat import Chat
from lab.notices.inbox import Inbox
from turnup.adapters.chat import ChatWebhook
from turnup.domain.errors import Refused, Transient

TOKEN = "T0000-a-secret-token"


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(status: int, headers: dict[str, str] | None = None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"because\x1b[31m of reasons")

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def post(url: str, timeout: float = 5) -> None:
    ChatWebhook(f"{url}/services/{TOKEN}", None, timeout).post({"text": "hello"})


def test_a_message_arrives(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    with served(Chat(("127.0.0.1", 0), TOKEN, inbox)) as url:
        post(url)
    assert [(one.kind, one.title) for one in inbox.messages()] == [("chat", "hello")]


def test_an_address_that_the_chat_does_not_know_is_refused(tmp_path: Path) -> None:
    with served(Chat(("127.0.0.1", 0), "another", Inbox(tmp_path))) as url, pytest.raises(Refused, match="404: invalid_token"):
        post(url)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Transient), (503, Transient), (429, Transient), (403, Refused), (302, Refused)]
)
def test_a_chat_that_breaks_is_asked_again_and_one_that_refuses_is_not(status: int, kind: type[Exception]) -> None:
    with (
        served(answering(status, {"Location": "http://127.0.0.1:1/"})) as url,
        pytest.raises(kind, match=f"{status}: because") as told,
    ):
        post(url)
    assert TOKEN not in str(told.value)
    assert "\x1b" not in str(told.value)


def test_a_chat_that_is_not_there_is_said_without_its_secret() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Transient, match="does not answer") as told:
        post(f"http://127.0.0.1:{port}")
    assert TOKEN not in str(told.value)
    assert told.value.__suppress_context__, "the cause's text has the whole URL"


def test_a_chat_that_hangs_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Transient, match="does not answer"):
            post(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
    assert time.monotonic() - began < 5
