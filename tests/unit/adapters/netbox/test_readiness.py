"""Whether a NetBox is ready is said in one answer, and nothing is written to find out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import KINDS, Definition
from turnup.adapters.netbox.readiness import make_sure
from turnup.domain.errors import Refused

TAG = Definition(KINDS[1], {"name": "turnup-hold", "slug": "turnup-hold"})
EVERY: dict[str, Any] = {"POST": {}, "PUT": {}}


class NetBox:
    """A NetBox of a version, with a token that may do something, and some tags."""

    def __init__(self, version: str = "4.7.3", actions: dict[str, Any] = EVERY, tags: tuple[str, ...] = ("turnup-hold",)) -> None:
        self.version, self.actions = version, actions
        self.tags = [{"id": 1, "name": tag, "slug": tag} for tag in tags]

    def __call__(self, asked: Asked) -> Answer:
        assert asked.method in {"GET", "OPTIONS"}
        if asked.path == "/api/status/":
            return Answer({"netbox-version": self.version})
        if asked.method == "OPTIONS":
            return Answer({"actions": self.actions})
        return Answer({"count": len(self.tags), "next": None, "results": self.tags})


def refusal(server: Server, netbox: NetBox) -> str:
    server.answer = netbox
    with pytest.raises(Refused) as refused:
        make_sure(Client(server.url, "secret-token"), [TAG])
    assert "secret-token" not in str(refused.value)
    return refused.value.what


def test_a_netbox_that_is_ready_is_described(server: Server) -> None:
    server.answer = NetBox()
    assert make_sure(Client(server.url, "token"), [TAG]).startswith("NetBox 4.7.3 answers, the token is valid and may write")


def test_a_token_that_may_not_write_is_told_everything_that_it_may_not(server: Server) -> None:
    what = refusal(server, NetBox(actions={}))
    assert "may not change devices, change racks, add IP addresses, add journal entries. Next: enable write" in what


def test_definitions_that_are_missing_are_named_with_the_command_that_makes_them(server: Server) -> None:
    what = refusal(server, NetBox(tags=()))
    assert "turnup-hold (tags)" in what
    assert "turnup-netbox ensure" in what


def test_a_netbox_that_is_too_old_is_told_so_beside_everything_else(server: Server) -> None:
    what = refusal(server, NetBox("4.6.9", {"POST": {}}, ()))
    assert "needs NetBox 4.7 or newer" in what
    assert "may not change devices, change racks." in what
    assert "turnup-hold" in what


@pytest.mark.parametrize(
    "answer",
    [Answer("<html>", headers={"Content-Type": "text/html"}), Answer({"detail": "no"}, 404), Answer({"status": "green"})],
    ids=["a page", "nothing there", "something else"],
)
def test_what_is_no_netbox_is_told_so(server: Server, answer: Answer) -> None:
    server.answer = lambda _: answer
    with pytest.raises(Refused, match=r"is not NetBox.* Next: check the connection's URL"):
        make_sure(Client(server.url, "token"), [TAG])


@pytest.mark.parametrize("token", ["secret\ntoken", "secret…"])
def test_a_token_that_cannot_be_sent_is_not_quoted(server: Server, token: str) -> None:
    with pytest.raises(Refused, match="characters that no token has") as refused:
        Client(server.url, token).status()
    assert "secret" not in str(refused.value)
    assert server.asked == []
