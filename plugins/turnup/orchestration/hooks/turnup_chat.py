"""A chat that is told: the address of its incoming webhook, which is a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from turnup.domain.errors import Refused
from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook

if TYPE_CHECKING:
    from turnup.adapters.chat import ChatWebhook

SAMPLE = "turnup can write here: this was the test of its connection."


class ChatHook(Hook):
    """Slack's JSON over HTTP: Slack, Mattermost, Rocket.Chat, or a program of yours."""

    conn_type = "turnup_chat"
    hook_name = "Chat webhook (Slack, Mattermost)"
    fields = (
        Field("password", "Webhook URL", "https://hooks.slack.com/services/...", required=True, secret=True),
        Field(
            "ca",
            "CA file",
            meaning="File with the authority that signed its certificate. Empty: the well-known ones.",
            section="Way",
        ),
        Field("proxy", "Proxy", meaning="Such as http://proxy.example.com:3128. Empty: none.", section="Way"),
    )

    def chat(self, timeout: float = TIMEOUT) -> ChatWebhook:
        """The chat; it opens no connection yet. Refused: what is there is no URL."""
        from turnup.adapters.chat import ChatWebhook

        self.complete()
        url = self.text("password").strip()
        if not _is_web(url):
            raise Refused(
                f"The webhook URL of the Airflow connection {self.conn_id!r} is none.",
                "enter it as the chat shows it, from https:// to its end.",
                cause="connection-incomplete",
            )
        return ChatWebhook(url, self.text("ca") or None, timeout, self.text("proxy") or None)

    def look(self) -> str:
        """It takes a message, which is seen there."""
        self.chat().post({"text": SAMPLE})
        return "The chat took a message: look for it there."


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


HOOK = ChatHook
