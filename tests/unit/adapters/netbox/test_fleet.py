"""The fleet is read in pages and few fields; afterwards only what changed."""

from __future__ import annotations

from typing import Any

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.fleet import NetBoxFleet
from turnup.domain.fleet import Rack, Site

SITE = {"id": 1, "slug": "lab1", "name": "Lab 1"}
RACK = {
    "id": 5,
    "name": "R1",
    "site": SITE,
    "location": None,
    "status": {"value": "planned"},
    "u_height": 42,
    "starting_unit": 1,
    "desc_units": False,
    "last_updated": "2026-11-22T10:00:00Z",
}
TYPES = [{"id": 3, "u_height": 2.0, "is_full_depth": False}]


def device(key: int, **differs: Any) -> dict[str, Any]:
    return {
        "id": key,
        "name": f"n{key}",
        "display": f"n{key} (TU-{key})",
        "site": SITE,
        "rack": {"id": 5, "name": "R1"},
        "position": 12.0,
        "face": {"value": "front"},
        "role": {"slug": "edge"},
        "tenant": None,
        "device_type": {"id": 3, "model": "G1"},
        "status": {"value": "active"},
        "serial": "S1",
        "asset_tag": None,
        "custom_fields": {"turnup_claim": "server_install/1", "turnup_cause": None},
        "oob_ip": {"id": 9, "address": "198.18.240.1/24"},
        "last_updated": f"2026-11-22T10:00:{key:02}.5Z",
    } | differs


class NetBox:
    """Answers from lists, as NetBox does."""

    def __init__(self, *devices: dict[str, Any]) -> None:
        self.devices = list(devices)

    def __call__(self, asked: Asked) -> Answer:
        path, limit, offset = asked.path, int(asked.query["limit"][0]), int(asked.query.get("offset", ["0"])[0])
        lists: dict[str, list[dict[str, Any]]] = {
            "sites": [] if "tag" in asked.query else [SITE],
            "racks": [RACK],
            "device-types": TYPES,
            "devices": self.devices,
        }
        found = lists[path.strip("/").split("/")[-1]]
        return Answer({"count": len(found), "next": None, "previous": None, "results": found[offset : offset + limit]})


def test_all_of_it_is_read_in_pages(server: Server) -> None:
    server.answer = NetBox(*(device(key, last_updated="2026-11-22T10:00:00Z") for key in range(1, 2502)))
    fleet = NetBoxFleet(Client(server.url, "token")).whole()
    assert fleet.sites == (Site("lab1", "Lab 1"),)
    assert fleet.racks == {5: Rack(5, "R1", "lab1", "planned", "2026-11-22T10:00:00Z")}
    assert len(fleet.devices) == 2501
    asked = [one for one in server.asked if one.path.endswith("/devices/")]
    assert len(asked) == 3
    assert all(one.query["ordering"] == ["id"] and "fields" in one.query for one in asked)


def test_a_device_is_told_in_full(server: Server) -> None:
    server.answer = NetBox(device(1), device(2, name=None, rack=None, position=None, face=None, oob_ip=None, custom_fields=None))
    fleet = NetBoxFleet(Client(server.url, "token")).whole()
    one, bare = fleet.devices[1], fleet.devices[2]
    assert (one.site, one.rack_id, one.position, one.height, one.full_depth, one.face) == ("lab1", 5, 12.0, 2.0, False, "front")
    assert (one.claim, one.cause, one.bmc, one.model) == ("server_install/1", "", "198.18.240.1", "G1")
    assert (bare.name, bare.rack_id, bare.position, bare.face, bare.bmc, bare.claim) == ("n2 (TU-2)", None, None, "", "", None)


def test_afterwards_only_what_changed_is_asked_for(server: Server) -> None:
    netbox = NetBox(device(1), device(2))
    server.answer = netbox
    facts = NetBoxFleet(Client(server.url, "token"))
    fleet = facts.whole()
    before = len(server.asked)
    netbox.devices = [device(2)]
    assert facts.since(fleet) is fleet
    netbox.devices = [device(2, status={"value": "failed"}, last_updated="2026-11-22T10:05:00Z")]
    later = facts.since(fleet)
    assert {key: one.status for key, one in later.devices.items()} == {1: "active", 2: "failed"}
    assert later.version == "2026-11-22T10:05:00Z"
    asked = [one for one in server.asked[before:] if one.path.endswith("/devices/")]
    assert [one.query["last_updated__gte"] for one in asked] == [["2026-11-22T09:59:02.500000+00:00"]] * 2


def test_a_device_of_a_new_type_makes_the_types_known(server: Server) -> None:
    netbox = NetBox(device(1))
    server.answer = netbox
    facts = NetBoxFleet(Client(server.url, "token"))
    fleet = facts.whole()
    netbox.devices = [device(7, device_type={"id": 8, "model": "G2"})]
    assert facts.since(fleet).devices[7].model == "G2"
    assert len([one for one in server.asked if one.path.endswith("/device-types/")]) == 2


def test_a_netbox_that_was_restored_is_read_as_it_is_now(server: Server) -> None:
    before = device(1, status={"value": "planned"}, last_updated="2026-11-22T09:00:00Z")
    netbox = NetBox(device(1, last_updated="2026-11-22T11:00:00Z"), device(2))
    server.answer = netbox
    facts = NetBoxFleet(Client(server.url, "token"))
    fleet = facts.whole()
    netbox.devices = [before]
    restored = facts.since(fleet)
    assert {one.id: one.status for one in restored.devices.values()} == {1: "planned"}
