"""Airflow notifiers for a notice that is made already: nothing in it is a template, whatever a device is called.

The notifiers of Airflow's Slack and SMTP providers render their texts with Jinja: of them, the SMTP provider's hook is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

from turnup.domain.errors import Transient
from turnup.domain.notices import Notice
from turnup.domain.plain_text import plain
from turnup.domain.policy import Site

if TYPE_CHECKING:
    from airflow.sdk import Context


class ChatNotifier(BaseNotifier):
    """Says a notice in the chat of a connection of type `turnup_chat`."""

    def __init__(self, conn_id: str, notice: Notice, named_by: str = "") -> None:
        super().__init__()
        self.conn_id = conn_id
        self.notice = notice
        self.named_by = named_by

    def notify(self, context: Context) -> None:  # noqa: ARG002 -- as Airflow calls it
        """Say it. Transient, Refused: it was not taken."""
        from turnup.adapters.notice_text import slack  # noqa: PLC0415 -- a DAG file may import this module
        from turnup.orchestration.hooks.turnup_chat import ChatHook  # noqa: PLC0415

        ChatHook(self.conn_id, self.named_by).chat().post(slack(self.notice))


class MailNotifier(BaseNotifier):
    """Sends a notice by the SMTP server of a connection of Airflow's type `smtp`, which has sender, TLS and timeout."""

    def __init__(self, conn_id: str, to: tuple[str, ...], notice: Notice) -> None:
        super().__init__()
        self.conn_id = conn_id
        self.to = to
        self.notice = notice

    def notify(self, context: Context) -> None:  # noqa: ARG002 -- as Airflow calls it
        """Send it. Transient: it was not taken."""
        from airflow.providers.smtp.hooks.smtp import SmtpHook  # noqa: PLC0415 -- a DAG file may import this module

        from turnup.adapters.notice_text import html, title  # noqa: PLC0415

        headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
        try:
            with SmtpHook(self.conn_id) as server:
                server.send_email_smtp(
                    to=list(self.to),
                    subject=title(self.notice),
                    html_content=html(self.notice),
                    mime_subtype="alternative",
                    custom_headers=headers,
                )
        except Exception as error:  # smtplib's, the socket's, TLS's and Airflow's own have nothing in common
            what = f"{type(error).__name__}: {plain(str(error))}"
            raise Transient(
                f"The mail server of the Airflow connection {self.conn_id!r} took no mail ({what}).",
                "test the connection under Admin > Connections; its extra has from_email and timeout.",
                cause="notice-undelivered",
            ) from None


def notifiers(site: Site, notice: Notice) -> Iterator[tuple[str, BaseNotifier]]:
    """{channel: who tells the notice there}, of those channels that the site's policy has for such an event."""
    chat, mail = site.notices.chat, site.notices.mail
    if chat is not None and notice.event in chat.events:
        yield "chat", ChatNotifier(chat.connection, notice, f"the site {site.site} names for notices")
    if mail is not None and notice.event in mail.events:
        yield "mail", MailNotifier(mail.connection, mail.to, notice)
