"""What is taken from Salt's event stream, and how much of it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnup.adapters import salt_events
from turnup.adapters.salt_events import EventStream, as_returned
from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import Transient
from turnup.ports import Returned

JOB, MINION = "20260101000000000001", "n1.example"


class Silent(SaltSession):
    """A session whose stream never connects."""

    def __init__(self) -> None:
        pass

    def events(self) -> Any:
        raise Transient("down")


@pytest.fixture
def stream() -> EventStream:
    return EventStream(Silent())


def line(tag: str, **data: object) -> list[bytes]:
    return [f"tag: {tag}\n".encode(), b"data: " + json.dumps({"tag": tag, "data": data}).encode() + b"\n", b"\n"]


def feed(stream: EventStream, *lines: bytes) -> None:
    for event in salt_events._events(iter(lines)):
        stream._take(*event)


def returning(job: str = JOB, minion: str = MINION, **changed: Any) -> list[bytes]:
    data: dict[str, Any] = {"cmd": "_return", "jid": job, "id": minion, "return": "x", "retcode": 0, "success": True, **changed}
    return line(f"salt/job/{job}/ret/{minion}", **data)


def test_a_return_that_is_waited_for_is_kept_and_its_minion_was_heard(stream: EventStream) -> None:
    assert stream.returned(JOB, MINION) is None
    feed(stream, b"retry: 400\n", *line("salt/auth", id=MINION), *returning())
    assert stream.returned(JOB, MINION) == Returned(True, 0, "x")
    assert stream.heard_within(MINION, 60)


def test_a_return_that_nobody_waits_for_is_not_kept(stream: EventStream) -> None:
    feed(stream, *returning())
    assert stream.returned(JOB, MINION) is None


def test_a_start_is_a_sign_of_life(stream: EventStream) -> None:
    assert not stream.heard_within(MINION, 60)
    feed(stream, *line(f"salt/minion/{MINION}/start", id=MINION, cmd="_minion_event"))
    assert stream.heard_within(MINION, 60)


def test_what_was_looked_up_is_kept_for_whoever_asks_again(stream: EventStream) -> None:
    stream.returned(JOB, MINION)
    stream.keep(JOB, MINION, Returned(True, 0, "x"), 3)
    assert stream.returned(JOB, MINION) == stream.returned(JOB, MINION) == Returned(True, 0, "x")
    assert stream.heard_within(MINION, 60)


@pytest.mark.parametrize("forged", [{"id": "n2.example"}, {"jid": "20260101000000000002"}, {"cmd": "_minion_event"}])
def test_an_event_whose_data_disagrees_with_its_tag_counts_for_nothing(stream: EventStream, forged: dict[str, Any]) -> None:
    stream.returned(JOB, MINION)
    feed(stream, *returning(**forged), *line(f"salt/minion/{MINION}/start", id="n2.example"))
    assert stream.returned(JOB, MINION) is None
    assert not stream.heard_within(MINION, 60)


def test_what_is_kept_is_bounded(stream: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salt_events, "KEEP_BYTES", 10_000)
    for number in range(20):
        stream.returned(str(number), MINION)
        feed(stream, *returning(job=str(number), **{"return": "x" * 1000}))
    assert stream._bytes <= 10_000
    assert stream.returned("0", MINION) is None
    assert stream.returned("19", MINION) is not None


def test_the_job_cache_is_asked_at_once_and_then_seldom(stream: EventStream) -> None:
    stream.returned(JOB, MINION)
    assert stream.look_up_due(JOB, MINION)
    assert not stream.look_up_due(JOB, MINION)


def test_a_silent_minion_is_pinged_seldom_and_after_a_sign_of_life_again(stream: EventStream) -> None:
    assert stream.ping_due(MINION, 15)
    assert not stream.ping_due(MINION, 15)
    stream.hear(MINION)
    assert stream.ping_due(MINION, 15)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"return": 1}, Returned(True, 0, 1)),
        ({"return": 1, "retcode": 2}, Returned(False, 2, 1)),
        ({"return": 1, "retcode": 0, "success": False}, Returned(False, 0, 1)),
        ({"return": 1, "retcode": None, "success": True}, Returned(True, 1, 1)),
    ],
)
def test_salts_figures_are_read_as_they_are(data: dict[str, Any], expected: Returned) -> None:
    assert as_returned(data) == expected
