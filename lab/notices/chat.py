"""The chat: takes what Slack's incoming webhooks take, under an address that is a secret; `GET /` is the page of all messages."""

from __future__ import annotations

import hmac
import json
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.notices.inbox import Inbox, Message

MOST = 1 << 20
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10"><title>Notices of the lab</title>
<style>body{font:16px sans-serif;margin:2em auto;max-width:60em;padding:0 1em}pre{white-space:pre-wrap}
iframe{width:100%;height:22em}article{border-top:1px solid #888;padding:1em 0}</style></head><body><h1>Notices of the lab</h1>
<p>What a chat and a mailbox of yours would have got, the newest first.</p>
"""


class Chat(ThreadingHTTPServer):
    """One channel, at `/services/<token>`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], token: str, inbox: Inbox) -> None:
        super().__init__(address, _Handler)
        self.token = token
        self.inbox = inbox


class _Handler(BaseHTTPRequestHandler):
    server: Chat
    timeout = 30

    def do_POST(self) -> None:
        """A message, as Slack takes it: JSON with a text."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MOST))
        if not hmac.compare_digest(self.path.encode(), f"/services/{self.server.token}".encode()):
            self._answer(404, "invalid_token")
            return
        try:
            said = json.loads(body)["text"]
        except (ValueError, TypeError, LookupError):
            said = ""
        if not isinstance(said, str) or not said or length > MOST:
            self._answer(400, "invalid_payload")
            return
        self.server.inbox.keep("chat", body)
        self._answer(200, "ok")

    def do_GET(self) -> None:
        """The page."""
        if self.path != "/":
            self._answer(404, "There is one page: /")
            return
        shown = "".join(_article(message) for message in self.server.inbox.messages())
        self._answer(200, f"{HEAD}{shown or '<p>None yet.</p>'}</body></html>", "text/html")

    def _answer(self, status: int, text: str, kind: str = "text/plain") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address is a secret."""


def _article(message: Message) -> str:
    html = f'<iframe sandbox srcdoc="{escape(message.html)}"></iframe>' if message.html else ""
    head = f"{message.at:%Y-%m-%d %H:%M:%S} UTC, {message.kind}"
    return f"<article><p>{head}</p><h2>{escape(message.title)}</h2><pre>{escape(message.text)}</pre>{html}</article>"
