"""Which requests the changelog is read by, and what is made of NetBox's rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Server
from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client
from turnup.domain.wishes import PUT_BACK, StatusChange

REQUEST = "7c1f0c3e-4a53-4d68-9b5c-0d4c1c2f7a10"


def rows(*found: dict[str, Any]) -> Answer:
    return Answer({"count": len(found), "next": None, "previous": None, "results": list(found)})


def change(key: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": key,
        "time": "2026-11-22T08:00:00.123456Z",
        "user_name": "engineer",
        "request_id": REQUEST,
        "changed_object_id": 7,
        "object_repr": "a7",
        "prechange_data": before,
        "postchange_data": after,
    }


@pytest.fixture
def changes(server: Server) -> NetBoxChanges:
    return NetBoxChanges(Client(server.url, "token", timeout=5))


def test_only_changes_of_a_status_are_read_the_oldest_first(server: Server, changes: NetBoxChanges) -> None:
    after = {"name": "a7", "status": "staged", "rack": 3}
    server.answers = [
        rows(
            change(9, {"status": "planned"}, after),
            change(8, after, {**after, "comments": "x"}),
            change(7, None, after),
            change(6, {"status": "active"}, {"status": "planned", "name": None, "rack": None}),
        )
    ]
    expected = (
        StatusChange(6, REQUEST, "engineer", "2026-11-22T08:00:00.123456Z", 7, "a7", None, "active", "planned"),
        StatusChange(9, REQUEST, "engineer", "2026-11-22T08:00:00.123456Z", 7, "a7", 3, "planned", "staged"),
    )
    assert changes.of_request(REQUEST) == expected
    (asked,) = server.asked
    assert asked.path == "/api/core/object-changes/"
    assert asked.query["request_id"] == [REQUEST]
    assert asked.query["changed_object_type"] == ["dcim.device"]


def test_what_came_after_is_asked_for_by_devices_and_id(server: Server, changes: NetBoxChanges) -> None:
    server.answers = [rows()]
    assert changes.after(41, [7, 8]) == ()
    assert (server.asked[0].query["id__gt"], server.asked[0].query["changed_object_id"]) == (["41"], ["7", "8"])


def test_a_sweep_reads_the_changes_of_unheld_devices_in_these_statuses_and_of_those_put_back_alone(
    server: Server, changes: NetBoxChanges
) -> None:
    held = {"id": 8, "custom_fields": {"turnup_claim": "server_install/x"}}
    put_back = {"id": 40, "changed_object_id": 9}
    server.answers = [rows({"id": 7, "custom_fields": {"turnup_claim": None}}, held), rows(put_back), rows()]
    assert changes.standing(["staged", "decommissioning"], datetime(2026, 11, 22, 8, tzinfo=UTC)) == ()
    devices, ours, log = server.asked
    assert devices.query["status"] == ["staged", "decommissioning"]
    assert (ours.query["q"], ours.query["time_after"]) == ([PUT_BACK], ["2026-11-22T08:00:00+00:00"])
    assert (log.query["changed_object_id"], log.query["time_after"]) == (["7", "9"], ["2026-11-22T08:00:00+00:00"])


def test_where_no_device_is_in_these_statuses_or_was_put_back_no_change_is_read(server: Server, changes: NetBoxChanges) -> None:
    server.answers = [rows(), rows()]
    assert changes.standing(["staged"], datetime(2026, 11, 22, 8, tzinfo=UTC)) == ()
    assert len(server.asked) == 2


def test_turnup_s_own_user_is_the_token_s(server: Server, changes: NetBoxChanges) -> None:
    server.answers = [Answer({"id": 1, "username": "turnup"})]
    assert changes.own_user() == "turnup"
    assert server.asked[0].path == "/api/authentication-check/"
