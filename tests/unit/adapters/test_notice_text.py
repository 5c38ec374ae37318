"""A notice in a chat and in a mail: whatever a device is called, it stays text, on one line."""

from __future__ import annotations

import json
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from turnup.adapters.notice_text import html, mrkdwn, slack, title
from turnup.domain.notices import Event, Group, Link, Notice, Severity

EVIL = (
    "<script>alert(1)</script>",
    "<!channel>",
    "@channel",
    "a\r\nBcc: everybody@example.com",
    "[free beer](http://evil.example)",
    "http://evil.example/",
    "<http://evil.example|a1>",
    "```",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "a\u202eb",
    "&lt;b&gt;",
    "x" * 5000,
)
HARMLESS = ("lab1-r1-n01", "räck-3", "a_b")


def notice(name: str, url: str = "https://netbox/dcim/devices/1/") -> Notice:
    group = Group(
        f"1 server failed at boot [{name}]", (Link(name, url),), f"{name}: it is off", f"look at {name}", Link(name, url)
    )
    return Notice(
        Event.SERVER_FAILED, Severity.BAD, f"{name} failed", name, (group,), name, (Link("Run", "https://airflow/run?a=1&b=2"),)
    )


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}


@pytest.mark.parametrize("name", EVIL)
def test_no_name_becomes_markup_in_a_mail(name: str) -> None:
    read = Tags(html(notice(name)))
    assert read.tags == {"html", "body", "h2", "h3", "p", "a", "b"}
    assert read.attributes == {"style", "href"}
    assert read.links == {"https://netbox/dcim/devices/1/", "https://airflow/run?a=1&b=2"}


@pytest.mark.parametrize("name", EVIL)
def test_no_name_becomes_a_mention_or_a_link_in_a_chat(name: str) -> None:
    message = slack(notice(name))
    (attachment,) = message["attachments"]
    for text in (message["text"], attachment["fallback"], attachment["text"]):
        rest = text.replace("<https://netbox/dcim/devices/1/|", "").replace("<https://airflow/run?a=1&amp;b=2|", "")
        assert "<" not in rest
        for special in ("@channel", "](", "evil.example" if "://evil" in rest else "://", "`"):
            assert special not in rest
    assert json.loads(json.dumps(message)) == message


@pytest.mark.parametrize("name", EVIL)
def test_a_title_is_one_line_that_no_header_is_added_by(name: str) -> None:
    subject = title(notice(name))
    assert len(subject) <= 150
    mail = EmailMessage()
    mail["Subject"] = subject
    assert mail.keys() == ["Subject"]
    assert subject.startswith("FAILED: ")
    assert len(subject.splitlines()) == 1


@pytest.mark.parametrize("name", HARMLESS)
def test_a_usual_name_can_be_copied(name: str) -> None:
    assert mrkdwn(name) == name
    assert f">{name}</a>" in html(notice(name))


def test_a_link_that_is_no_web_page_is_text() -> None:
    assert Tags(html(notice("a1", "javascript:alert(1)"))).links == {"https://airflow/run?a=1&b=2"}
    assert "<x|y" not in slack(notice("a1", "x|y> <!channel"))["attachments"][0]["text"]


def test_a_message_stays_small_however_many_servers_failed() -> None:
    many = Group("500 servers failed", tuple(Link(f"a{number}") for number in range(500)))
    text = slack(Notice(Event.RUN_FINISHED, Severity.BAD, "all", "", (many,)))["attachments"][0]["text"]
    assert "a11 and 488 more" in text
