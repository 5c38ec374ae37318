"""A notice as a chat and as a mail reader shows it. Texts in it are data: no name becomes a link or calls anybody."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from turnup.domain.notices import Group, Link, Notice, Severity
from turnup.domain.plain_text import plain

TITLE, TEXT, SERVERS = 150, 400, 12
"""Characters of a title and of a text, and servers named in one group."""

COLORS = {Severity.GOOD: "#2e7d32", Severity.ATTENTION: "#b26a00", Severity.BAD: "#c62828"}
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"


def title(notice: Notice) -> str:
    """On one line, the severity first: also an e-mail's subject."""
    return plain(f"{notice.severity}: {notice.title}", TITLE)


def slack(notice: Notice) -> dict[str, Any]:
    """The body of a POST to an incoming webhook of Slack, Mattermost, Rocket.Chat and others that take Slack's JSON."""
    head = mrkdwn(title(notice))
    body = "\n".join(_lines(notice))
    attachment = {"color": COLORS[notice.severity], "fallback": head, "text": body, "mrkdwn_in": ["text"]}
    return {"text": f"*{head}*", "attachments": [attachment]}


def mrkdwn(text: str, longest: int = TEXT) -> str:
    """Text that Slack's markup, and Markdown of others, leave alone: no mention, no link, no end of a code block.

    Slack asks for three entities. A zero-width space keeps `@channel`, `[text](url)` and bare URLs from being more than text.
    """
    clean = plain(text, longest).replace("`", "'")
    for before, after in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        clean = clean.replace(before, after)
    for before in ("@", "](", "://"):
        clean = clean.replace(before, f"{before[0]}{ZERO_WIDTH}{before[1:]}")
    return clean


def _lines(notice: Notice) -> Iterator[str]:
    if notice.text:
        yield mrkdwn(notice.text)
    for group in notice.groups:
        yield f"*{mrkdwn(group.what)}*"
        if group.servers:
            more = f" and {len(group.servers) - SERVERS} more" if len(group.servers) > SERVERS else ""
            yield ", ".join(_slack_link(link) for link in group.servers[:SERVERS]) + more
        for line in _of(group):
            yield f"> {mrkdwn(line)}"
        if group.task:
            yield _slack_link(group.task)
    if notice.next_step:
        yield f"*Next:* {mrkdwn(notice.next_step)}"
    yield " | ".join(_slack_link(link) for link in notice.links)


def _of(group: Group) -> Iterator[str]:
    if group.evidence:
        yield group.evidence
    if group.advice:
        yield f"Next: {group.advice}"


def _slack_link(link: Link) -> str:
    text = mrkdwn(link.text).replace("|", "/")
    address = link.url.replace("&", "&amp;")
    return f"<{address}|{text}>" if link.url and not set("<>| \n") & set(link.url) else text


def html(notice: Notice) -> str:
    """The body of an e-mail: HTML without scripts, styles from elsewhere, or pictures."""
    parts = [f'<h2 style="color: {COLORS[notice.severity]}">{_safe(title(notice))}</h2>']
    if notice.text:
        parts.append(f"<p>{_safe(notice.text)}</p>")
    for group in notice.groups:
        parts.append(f"<h3>{_safe(group.what)}</h3>")
        if group.servers:
            parts.append(f"<p>{', '.join(_anchor(link) for link in group.servers)}</p>")
        parts += [f"<p>{_safe(line)}</p>" for line in _of(group)]
        if group.task:
            parts.append(f"<p>{_anchor(group.task)}</p>")
    if notice.next_step:
        parts.append(f"<p><b>Next:</b> {_safe(notice.next_step)}</p>")
    parts.append(f"<p>{' | '.join(_anchor(link) for link in notice.links)}</p>")
    return "<!doctype html>\n<html><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _safe(text: str) -> str:
    return escape(plain(text, TEXT))


def _anchor(link: Link) -> str:
    web = link.url.startswith(("https://", "http://"))
    return f'<a href="{escape(link.url)}">{_safe(link.text)}</a>' if web else _safe(link.text)
