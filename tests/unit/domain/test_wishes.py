"""What a change of a status asks for, and under which name, from the changelog alone."""

from __future__ import annotations

import pytest

from tests.unit.domain import worlds
from turnup.domain.wishes import Placed, StatusChange, is_touched_since, merged, run_ids, to_deliver, wish_of

AT = "2026-11-22T08:00:00.123456Z"


def change(key: int, device: int, before: str, after: str, rack: int | None = 7, request: str = "r") -> StatusChange:
    return StatusChange(key, request, "engineer", AT, device, f"a{device}", rack, before, after)


def test_two_changes_of_one_device_in_one_request_are_one() -> None:
    twice = merged([change(2, 1, "inventory", "staged"), change(1, 1, "planned", "inventory"), change(3, 2, "active", "failed")])
    assert [(one.id, one.device_id, one.before, one.after) for one in twice] == [
        (2, 1, "planned", "staged"),
        (3, 2, "active", "failed"),
    ]
    assert merged([change(1, 1, "planned", "staged"), change(2, 1, "staged", "planned")]) == ()


def test_names_of_runs_do_not_depend_on_the_order_and_are_those_of_the_request() -> None:
    changes = [
        change(1, 1, "planned", "staged", 9),
        change(2, 2, "planned", "staged", 7),
        change(3, 3, "active", "decommissioning", 9),
    ]
    expected = {
        ("server_install", 7): "netbox__r",
        ("server_install", 9): "netbox__r__rack9",
        ("server_decommission", 9): "netbox__r",
    }
    assert run_ids(changes) == run_ids(changes[::-1]) == expected
    assert run_ids([change(1, 1, "active", "offline"), change(2, 2, "planned", "staged", None)]) == {}


def test_only_two_changes_are_a_wish() -> None:
    statuses = ("planned", "staged", "active", "failed", "decommissioning", "inventory", "offline")
    wishes = {(before, after) for before in statuses for after in statuses if wish_of(before, after)}
    assert wishes == {("planned", "staged"), ("active", "decommissioning")}


@pytest.mark.parametrize(
    ("version", "touched"),
    [
        ("2026-11-22T08:00:00.123000Z", False),
        (AT, False),
        ("2026-11-22T08:00:00.123457Z", True),
        ("2026-11-22T10:00:00.1+02:00", False),
        ("v1", True),
    ],
)
def test_a_device_that_was_saved_since_is_looked_at_more_closely(version: str, touched: bool) -> None:
    placed = Placed(worlds.server(1, version=version), "here", 7, "A")
    assert is_touched_since(change(1, 1, "planned", "staged"), placed) == touched


def test_one_device_of_each_request_flow_and_rack_is_delivered_again_and_nothing_of_turnup_s_own() -> None:
    changes = [
        change(1, 1, "planned", "staged"),
        change(2, 2, "planned", "staged"),
        change(3, 3, "planned", "staged", 8),
        change(4, 4, "active", "decommissioning"),
        change(5, 5, "planned", "staged", request="r2"),
        change(6, 6, "planned", "active", request="r3"),
    ]
    assert [(one.request_id, one.device_id) for one in to_deliver(changes, "turnup")] == [("r", 1), ("r", 3), ("r", 4), ("r2", 5)]
    assert to_deliver(changes, "engineer") == ()
