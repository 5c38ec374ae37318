"""The mail server: SMTP with a login (PLAIN), as much of it as a client needs that sends a message. It fills the inbox."""

from __future__ import annotations

import base64
import hmac
from socketserver import StreamRequestHandler, ThreadingTCPServer

from lab.notices.inbox import Inbox


class Mail(ThreadingTCPServer):
    """Takes mail from who logs in with this user and password."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], user: str, password: str, inbox: Inbox) -> None:
        super().__init__(address, _Session)
        self.login = f"\0{user}\0{password}".encode()
        self.inbox = inbox


class _Session(StreamRequestHandler):
    server: Mail
    timeout = 30

    def handle(self) -> None:
        """One connection, command by command."""
        self._known = False
        self._say("220 turnup.lab ready")
        while line := self.rfile.readline(4096):
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._say(self._answer(verb.upper(), rest))

    def _answer(self, verb: str, rest: str) -> str:
        match verb:
            case "EHLO":
                return "250-turnup.lab\r\n250-8BITMIME\r\n250 AUTH PLAIN"
            case "AUTH":
                sent = base64.b64decode(rest.partition(" ")[2] + "==")
                self._known = hmac.compare_digest(sent, self.server.login)
                return "235 welcome" if self._known else "535 unknown login"
            case "MAIL" | "RCPT" | "DATA" if not self._known:
                return "530 log in first"
            case "HELO" | "NOOP" | "RSET" | "MAIL" | "RCPT":
                return "250 ok"
            case "DATA":
                self._say("354 end with a dot")
                self.server.inbox.keep("mail", self._data())
                return "250 taken"
        return "502 not here"

    def _data(self) -> bytes:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
