"""What has arrived: one file a message, in the order of arrival, written whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from threading import Lock


@dataclass(frozen=True)
class Message:
    """One message as a person reads it; `html` where it is an e-mail."""

    name: str
    at: datetime
    kind: str
    title: str
    text: str
    html: str = ""


class Inbox:
    """A folder of messages: `0001-chat.json`, `0002-mail.eml`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, kind: str, content: bytes) -> None:
        """Keep what arrived by `chat` (JSON) or by `mail`."""
        with self._lock:
            number = max((int(path.name[:4]) for path in self._files()), default=0) + 1
            path = self._folder / f"{number:04}-{kind}.{'json' if kind == 'chat' else 'eml'}"
            part = path.with_name(f".{path.name}")
            part.write_bytes(content)
            part.rename(path)

    def messages(self) -> Iterator[Message]:
        """The newest first."""
        for path in reversed(self._files()):
            kind = path.stem[5:]
            title, text, html = _mail(path.read_bytes()) if kind == "mail" else _chat(path.read_bytes())
            yield Message(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC), kind, title, text, html)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*-*.*"))


def _chat(content: bytes) -> tuple[str, str, str]:
    message = json.loads(content)
    return str(message["text"]), "\n".join(str(one.get("text", "")) for one in message.get("attachments", ())), ""


def _mail(content: bytes) -> tuple[str, str, str]:
    message = message_from_bytes(content, policy=policy.default)
    part = message.get_body(("html", "plain"))
    return str(message["subject"]), f"To: {message['to']}", part.get_content() if part else ""
