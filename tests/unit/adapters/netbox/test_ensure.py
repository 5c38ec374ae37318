"""Which requests `turnup-netbox ensure` makes."""

from __future__ import annotations

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Server
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import KINDS, Definition
from turnup.adapters.netbox.ensure import MESSAGE, ensure

FIELDS, TAGS, ROLES = KINDS[:3]
HOLD = Definition(TAGS, {"name": "turnup-hold", "slug": "turnup-hold", "color": "f44336"})
CLAIM = Definition(
    FIELDS, {"name": "turnup_claim", "type": "text", "object_types": ["dcim.rack", "dcim.device"], "ui_editable": "no"}
)
ROLE = Definition(ROLES, {"name": "Management", "slug": "management"})


def rows(*found: dict[str, object]) -> Answer:
    return Answer({"count": len(found), "next": None, "previous": None, "results": list(found)})


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url, "token", timeout=5)


def test_what_is_missing_is_created_in_one_request(server: Server, client: Client) -> None:
    server.answers = [rows(), Answer([{"id": 1}], 201)]
    assert [one.what for one in ensure(client, [HOLD])] == ["created"]
    assert (server.asked[1].method, server.asked[1].path) == ("POST", "/api/extras/tags/")
    assert server.asked[1].body == [{**HOLD.fields, "changelog_message": MESSAGE}]


def test_only_the_fields_that_differ_are_written(server: Server, client: Client) -> None:
    current = {"id": 4, "name": "turnup-hold", "slug": "turnup-hold", "color": "000000", "description": "mine"}
    server.answers = [rows(current), Answer([{"id": 4}])]
    [outcome] = ensure(client, [HOLD])
    assert str(outcome) == "changed    tags  turnup-hold  (color: '000000' -> 'f44336')"
    assert server.asked[1].body == [{"id": 4, "color": "f44336", "changelog_message": MESSAGE}]


def test_choices_and_lists_in_another_order_are_no_difference(server: Server, client: Client) -> None:
    choice = {"value": "text", "label": "Text"}
    hidden = {"value": "no", "label": "No"}
    current = {
        "id": 2,
        "name": "turnup_claim",
        "type": choice,
        "object_types": ["dcim.device", "dcim.rack"],
        "ui_editable": hidden,
    }
    server.answers = [rows(current)]
    assert [one.what for one in ensure(client, [CLAIM])] == ["unchanged"]
    assert len(server.asked) == 1


def test_what_others_use_too_is_left_as_it_is(server: Server, client: Client) -> None:
    server.answers = [rows({"id": 9, "name": "Servers, primary", "slug": "management"})]
    assert [one.what for one in ensure(client, [ROLE])] == ["unchanged"]
    assert len(server.asked) == 1


def test_a_dry_run_only_reads(server: Server, client: Client) -> None:
    server.answers = [rows({"id": 4, "name": "other", "slug": "turnup-hold", "color": "f44336"}), rows()]
    assert [one.what for one in ensure(client, [HOLD, ROLE], dry_run=True)] == ["changed", "created"]
    assert {asked.method for asked in server.asked} == {"GET"}
