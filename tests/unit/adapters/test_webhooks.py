"""How turnup delivers to its own webhook: signed as NetBox signs, and every answer told in words."""

from __future__ import annotations

import json

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Server, server  # noqa: F401 -- a fixture
from turnup.adapters.webhooks import Deliverer
from turnup.domain.errors import Refused, Transient
from turnup.domain.webhooks import Delivery, is_signed

SECRET = "correct-horse-battery"
DELIVERY = Delivery("7c1f0c3e-4a53-4d68-9b5c-0d4c1c2f7a10", "engineer", 7, "a7", "planned", "staged")


@pytest.fixture
def deliverer(server: Server) -> Deliverer:  # noqa: F811
    return Deliverer(f"{server.url}/turnup/webhooks/netbox", SECRET, None, 5)


def test_it_signs_what_it_sends_and_tells_what_came_of_it(server: Server, deliverer: Deliverer) -> None:  # noqa: F811
    server.answers = [Answer({"run_id": "netbox__1", "detail": "netbox__1 is started."}, 202), Answer({"detail": "moved on"})]
    assert deliverer.deliver(DELIVERY, "webhook_sweep") == "netbox__1 is started."
    assert deliverer.knock() == "moved on"
    asked = server.asked[0]
    assert asked.headers["Content-Type"] == "application/json"
    assert is_signed(json.dumps(asked.body).encode(), asked.headers["X-Hook-Signature"], [SECRET])


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (Answer({"detail": "x"}, 401), Refused, "does not know this secret"),
        (Answer({"detail": "x"}, 503), Transient, "answered 503"),
        (Answer({"detail": "x"}, 404), Refused, "answered 404"),
        (Answer("<html>", 200), Refused, "is not turnup's webhook"),
        (Answer([], 200), Refused, "is not turnup's webhook"),
        (Answer(None, 302, {"Location": "http://elsewhere"}), Refused, "answered 302"),
    ],
)
def test_what_is_not_taken_is_told(
    server: Server,  # noqa: F811
    deliverer: Deliverer,
    answer: Answer,
    kind: type[Exception],
    what: str,
) -> None:
    server.answers = [answer]
    with pytest.raises(kind, match=what) as raised:
        deliverer.deliver(DELIVERY, "webhook_sweep")
    assert SECRET not in str(raised.value)


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(Transient, match="does not answer"):
        Deliverer("http://127.0.0.1:1/", SECRET, None, 1).knock()
