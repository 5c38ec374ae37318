"""The conditional write of a device, answer by answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Server
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.inventory import NetBoxInventory, etag_of
from turnup.domain.errors import Conflict, Transient
from turnup.ports import DeviceWrite

READ = "2026-01-01T10:00:00.123456Z"
LATER = "2026-01-01T10:00:09Z"
CLAIM = DeviceWrite(status="staged", claim="run a", cause="")


def device(version: str, status: str = "planned", claim: str | None = None) -> dict[str, Any]:
    return {
        "id": 5,
        "name": "n1",
        "serial": "S1",
        "asset_tag": None,
        "position": 1.0,
        "role": {"slug": "edge"},
        "device_type": {"slug": "metal"},
        "status": {"value": status, "label": status.title()},
        "last_updated": version,
        "custom_fields": {"turnup_claim": claim, "turnup_cause": None, "turnup_bmc_certificate": None},
        "primary_ip4": None,
        "primary_ip6": None,
        "oob_ip": None,
        "tenant": None,
    }


def moved(etag: str | None = f'W/"{LATER}"') -> Answer:
    return Answer({"detail": "Precondition failed."}, 412, {"ETag": etag} if etag else {})


@pytest.fixture
def inventory(server: Server) -> NetBoxInventory:
    return NetBoxInventory(Client(server.url, "token", timeout=5))


def methods(server: Server) -> list[str]:
    return [asked.method for asked in server.asked]


def test_the_etag_is_netboxs_own() -> None:
    assert etag_of(READ) == 'W/"2026-01-01T10:00:00.123456+00:00"'
    assert etag_of("2026-01-01T11:00:00+01:00") == 'W/"2026-01-01T11:00:00+01:00"'


def test_one_request_names_the_version_the_fields_and_the_message(server: Server, inventory: NetBoxInventory) -> None:
    server.answers = [Answer(device(LATER, "staged", "run a"))]
    assert inventory.write(5, READ, CLAIM, "server_install a, claim") == LATER
    [asked] = server.asked
    assert (asked.method, asked.path, asked.headers["If-Match"]) == ("PATCH", "/api/dcim/devices/5/", etag_of(READ))
    assert asked.body == {
        "status": "staged",
        "custom_fields": {"turnup_claim": "run a", "turnup_cause": None},
        "changelog_message": "server_install a, claim",
    }


def test_an_empty_change_asks_for_nothing(server: Server, inventory: NetBoxInventory) -> None:
    assert inventory.write(5, READ, DeviceWrite(), "nothing") == READ
    assert server.asked == []


def test_a_device_that_has_the_wanted_values_already_counts_as_written(server: Server, inventory: NetBoxInventory) -> None:
    server.answers = [moved(), Answer(device(LATER, "staged", "run a"))]
    assert inventory.write(5, READ, CLAIM, "claim") == LATER
    assert methods(server) == ["PATCH", "GET"]


@pytest.mark.parametrize(("status", "claim"), [("staged", "run b"), ("planned", "run a"), ("active", None)])
def test_a_device_that_moved_on_is_a_conflict_that_says_how(
    server: Server, inventory: NetBoxInventory, status: str, claim: str | None
) -> None:
    server.answers = [moved(), Answer(device(LATER, status, claim))]
    with pytest.raises(Conflict, match=f"it is {status} now, held by {claim or 'no run'}"):
        inventory.write(5, READ, CLAIM, "claim")
    assert methods(server) == ["PATCH", "GET"]


def test_where_only_the_etag_is_built_in_another_way_the_write_is_done_with_netboxs_own(
    server: Server, inventory: NetBoxInventory
) -> None:
    server.answers = [moved('"v17"'), Answer(device(READ)), Answer(device(LATER, "staged", "run a"))]
    assert inventory.write(5, READ, CLAIM, "claim") == LATER
    assert methods(server) == ["PATCH", "GET", "PATCH"]
    assert server.asked[2].headers["If-Match"] == '"v17"'


def test_a_device_that_moves_on_between_the_two_tries_is_a_conflict(server: Server, inventory: NetBoxInventory) -> None:
    server.answers = [moved('"v17"'), Answer(device(READ)), moved('"v18"'), Answer(device(LATER, "staged", "run b"))]
    with pytest.raises(Conflict, match="run b"):
        inventory.write(5, READ, CLAIM, "claim")
    assert methods(server) == ["PATCH", "GET", "PATCH", "GET"]


def test_without_an_etag_nothing_is_written_unconditionally(server: Server, inventory: NetBoxInventory) -> None:
    server.answers = [moved(None), Answer(device(READ))]
    with pytest.raises(Conflict):
        inventory.write(5, READ, CLAIM, "claim")
    assert methods(server) == ["PATCH", "GET"]


def test_a_failure_while_looking_is_passed_on_to_be_tried_again(server: Server, inventory: NetBoxInventory) -> None:
    server.answers = [moved(), Answer("", 502)]
    with pytest.raises(Transient):
        inventory.write(5, READ, CLAIM, "claim")
