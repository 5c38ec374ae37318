"""Both servers, until the program is ended."""

from __future__ import annotations

from threading import Thread

from lab.notices.chat import Chat
from lab.notices.inbox import Inbox
from lab.notices.mail import Mail
from lab.ports import port
from lab.secrets import secret
from lab.services.notices import FOLDER, USER

if __name__ == "__main__":
    inbox = Inbox(FOLDER)
    Thread(target=Mail(("127.0.0.1", port("mail")), USER, secret("mail"), inbox).serve_forever, daemon=True).start()
    Chat(("127.0.0.1", port("chat")), secret("chat"), inbox).serve_forever()
