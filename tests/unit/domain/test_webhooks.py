"""What NetBox delivers: signed by one of the secrets or nothing, and whatever a body holds, it is read or refused."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnup.domain.errors import Refused
from turnup.domain.webhooks import Delivery, Ignored, is_signed, read, signature, written

REQUEST = str(uuid4())
OLD, NEW = "the-old-secret-of-netbox", "the-new-secret-of-netbox"
DELIVERY = Delivery(REQUEST, "engineer", 7, "a7", "planned", "staged")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
KEYS = ("event", "object_type", "data", "request", "snapshots")


def payload(**differs: Any) -> dict[str, Any]:
    """What NetBox 4.7 sends, as far as anybody looks at it."""
    return {
        "event": "updated",
        "timestamp": "2026-11-22T08:00:00.000000+00:00",
        "object_type": "dcim.device",
        "data": {"id": 7, "name": "a7", "status": {"value": "staged", "label": "Staged"}},
        "request": {"id": REQUEST, "path": "/dcim/devices/edit/", "method": "POST", "user": "engineer"},
        "snapshots": {"prechange": {"name": "a7", "status": "planned"}, "postchange": {"name": "a7", "status": "staged"}},
    } | differs


def body(**differs: Any) -> bytes:
    return json.dumps(payload(**differs)).encode()


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_changed_both_sign(secret: str) -> None:
    assert is_signed(b"{}", signature(b"{}", secret), [NEW, OLD])


@pytest.mark.parametrize(
    "given_signature",
    ["", "0" * 128, signature(b"{ }", NEW), signature(b"{}", NEW)[:-1], signature(b"{}", NEW).upper(), "é\ud800", "sha512=x"],
)
def test_another_signature_is_none(given_signature: str) -> None:
    assert not is_signed(b"{}", given_signature, [NEW])


def test_no_secret_signs_nothing() -> None:
    assert not is_signed(b"{}", signature(b"{}", ""), [""])
    assert not is_signed(b"{}", signature(b"{}", ""), [])


def test_a_device_that_was_saved_is_read() -> None:
    assert read(body()) == DELIVERY


def test_what_is_delivered_again_reads_the_same() -> None:
    assert read(json.dumps(written(DELIVERY, "webhook_sweep")).encode()) == DELIVERY


@pytest.mark.parametrize(
    "differs",
    [
        {"event": "created"},
        {"event": "deleted"},
        {"object_type": "dcim.rack"},
        {"object_type": "virtualization.virtualmachine"},
        {"snapshots": {"prechange": None, "postchange": {"status": "staged"}}},
        {"snapshots": {"prechange": {"status": "staged"}, "postchange": {"status": "staged"}}},
    ],
)
def test_what_sets_no_status_of_a_device_is_ignored(differs: dict[str, Any]) -> None:
    found = read(body(**differs))
    assert isinstance(found, Ignored)
    assert found.why == "no-status"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"event":' * 50_000,
        b"9" * 10_000,
        body(event=1),
        body(object_type=None),
        body(data=[]),
        body(data={"id": True}),
        body(data={"id": "7"}),
        body(data={"id": 0}),
        body(data={"id": 2**63}),
        body(request=None),
        body(request={"id": "../../x", "user": "x"}),
        body(request={"id": 7, "user": "x"}),
        body(request={"id": REQUEST, "user": None}),
        body(snapshots=None),
        body(snapshots={"prechange": {"status": 1}, "postchange": {"status": "staged"}}),
        body(snapshots={"prechange": [], "postchange": {"status": "staged"}}),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(content: bytes) -> None:
    with pytest.raises(Refused, match="The body makes no sense: "):
        read(content)


@settings(max_examples=50, deadline=None, database=None, derandomize=True)
@given(st.sampled_from(KEYS), anything)
def test_whatever_stands_in_a_body_it_is_read_ignored_or_refused(key: str, value: Any) -> None:
    try:
        found = read(body(**{key: value}))
    except Refused:
        return
    assert isinstance(found, Delivery | Ignored)
