"""A site is read in pages, and what NetBox answers becomes the facts that checks are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import KINDS, Definition
from turnup.adapters.netbox.estate import NetBoxEstates
from turnup.adapters.netbox.setup import NetBoxSetup
from turnup.domain.errors import Refused
from turnup.domain.facts import Misfit, Rack, Range, SitePrefix


def choice(value: str) -> dict[str, str]:
    return {"value": value, "label": value}


def device(number: int, **differs: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"n{number}",
        "serial": f"S{number}",
        "asset_tag": None,
        "position": float(number),
        "face": choice("front"),
        "rack": {"id": 1, "name": "R1"},
        "role": {"slug": "edge"},
        "tenant": None,
        "device_type": {"slug": "metal"},
        "status": choice("active"),
        "last_updated": "2026-11-20T00:00:00Z",
        "custom_fields": {"turnup_claim": None},
        "primary_ip4": {"id": 10 * number, "address": f"10.0.0.{number}/24"},
        "primary_ip6": None,
        "oob_ip": None,
    } | differs


def address(key: int, cidr: str, port: int | None, kind: str | None = "dcim.interface", **differs: Any) -> dict[str, Any]:
    row = {"id": key, "address": cidr, "status": choice("active"), "role": None, "vrf": None, "dns_name": "", "description": ""}
    return row | {"assigned_object_type": kind if port else None, "assigned_object_id": port} | differs


class NetBox:
    """Answers lists by path, in pages as NetBox does."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = {
            "sites": [{"id": 5, "custom_fields": {"turnup_accepted": "x"}}],
            "racks": [{"id": 1, "name": "R1", "status": choice("active")}],
            "prefixes": [
                {"id": 3, "prefix": "10.0.0.0/24", "role": {"slug": "management"}},
                {"id": 4, "prefix": "10.9.0.0/24", "role": None},
            ],
            "ip-ranges": [
                {"start_address": "10.0.0.50/24", "end_address": "10.0.0.60/24", "mark_populated": True},
                {"start_address": "10.0.0.70/24", "end_address": "10.0.0.80/24", "mark_populated": False},
            ],
            "device-types": [{"slug": "metal", "u_height": 2.0}],
            "devices": [device(1), device(2, status=choice("failed"), primary_ip4=None)],
            "interfaces": [
                {
                    "id": 100 + n,
                    "name": "eth0",
                    "type": choice("1000base-t"),
                    "device": {"id": n},
                    "mac_address": f"02:00:00:00:00:0{n}".upper(),
                    "mgmt_only": False,
                }
                for n in (1, 2)
            ],
            "ip-addresses": [
                address(10, "10.0.0.1/24", 101),
                address(11, "192.0.2.1/24", 900),
                address(12, "10.0.0.9/24", 7, "virtualization.vminterface"),
            ],
            "object-changes": [],
        } | {name.replace("_", "-"): value for name, value in rows.items()}
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        rows = self.rows[asked.path.strip("/").split("/")[-1]]
        start, limit = int(asked.query.get("offset", ["0"])[0]), int(asked.query.get("limit", ["1000"])[0])
        return Answer({"count": len(rows), "next": None, "results": rows[start : start + limit]})


def estates(server: Server, netbox: NetBox) -> NetBoxEstates:
    server.answer = netbox
    return NetBoxEstates(lambda: Client(server.url, "token"))


def test_a_site_is_read_as_it_is(server: Server) -> None:
    netbox = NetBox()
    found = estates(server, netbox).estate("here")
    first, second = found.devices
    assert (first.rack, first.rack_id, first.face, first.height, first.since) == ("R1", 1, "front", 2.0, None)
    (port,) = first.server.interfaces
    assert (port.mac, [one.cidr for one in port.addresses]) == ("02:00:00:00:00:01", ["10.0.0.1/24"])
    assert first.server.primary_ip4 == port.addresses[0]
    assert second.since == datetime(2026, 11, 20, tzinfo=UTC)
    assert found.racks == (Rack(1, "R1", "active"),)
    assert found.prefixes == (SitePrefix(3, "10.0.0.0/24", "management"),)
    assert found.ranges == (Range("10.0.0.50", "10.0.0.60"),)
    assert [(one.ip, one.port, one.elsewhere) for one in found.addresses] == [("10.0.0.1", 101, False), ("10.0.0.9", None, True)]
    assert found.accepted == "x"
    assert all("fields" in asked.query for asked in netbox.asked), "whatever is not asked for is not sent"


def test_since_when_a_server_failed_the_changelog_says(server: Server) -> None:
    def change(key: int, before: str, after: str, at: str) -> dict[str, Any]:
        data = {"prechange_data": {"status": before, "name": "n2"}, "postchange_data": {"status": after, "name": "n2"}}
        return {
            "id": key,
            "time": at,
            "user_name": "x",
            "request_id": "r",
            "changed_object_id": 2,
            "object_repr": "n2",
            "action": choice("update"),
        } | data

    changes = [
        change(1, "staged", "failed", "2026-11-01T00:00:00Z"),
        change(2, "failed", "staged", "2026-11-02T00:00:00Z"),
        change(3, "staged", "failed", "2026-11-03T00:00:00Z"),
    ]
    found = estates(server, NetBox(object_changes=changes)).estate("here")
    assert found.devices[1].since == datetime(2026, 11, 3, tzinfo=UTC)


def test_requests_grow_with_pages_and_not_with_devices(server: Server) -> None:
    asked = []
    for count in (10, 900, 2500):
        netbox = NetBox(
            devices=[device(number, status=choice("active")) for number in range(1, count + 1)], interfaces=[], ip_addresses=[]
        )
        estates(server, netbox).estate("here")
        asked.append(len(netbox.asked))
    assert asked == [8, 8, 10]


def test_a_site_that_netbox_has_not_is_refused(server: Server) -> None:
    with pytest.raises(Refused, match="no site 'here'"):
        estates(server, NetBox(sites=[])).estate("here")


def test_what_is_missing_or_differs_in_netbox_is_told_by_name_and_field(server: Server) -> None:
    rows = [{"id": 1, "slug": "turnup-hold", "name": "hold", "color": "f44336"}]
    server.answer = lambda asked: Answer({"count": 1, "next": None, "results": rows})
    tags = [Definition(KINDS[1], {"name": name, "slug": name}) for name in ("turnup-hold", "turnup-unwiped")]
    found = NetBoxSetup(Client(server.url, "token"), tags).misfits()
    assert found == (Misfit("tags", "turnup-hold", ("name",)), Misfit("tags", "turnup-unwiped"))
    assert {asked.method for asked in server.asked} == {"GET"}


def test_owners_are_looked_up_by_name_at_every_site_and_virtual_machines_count(server: Server) -> None:
    netbox = NetBox(
        mac_addresses=[
            {"mac_address": "02:AA:00:00:00:01", "assigned_object_id": 9},
            {"mac_address": "02:AA:00:00:00:02", "assigned_object_id": None},
        ],
        devices=[{"name": "b1", "site": {"slug": "there"}}, {"name": "a1", "site": {"slug": "here"}}],
        virtual_machines=[{"name": "vm1.x.example"}],
    )
    macs = ["02:aa:00:00:00:01", "02:aa:00:00:00:02", "02:aa", ""]
    minions = ["b1.there.example", "a1.here.example", "a1.evil.example", "vm1.x.example", "ghost.here.example"]
    found = estates(server, netbox).owned("here", "here.example", macs, minions)
    assert found == {macs[0], "b1.there.example", "a1.here.example", "vm1.x.example"}
    asked = [one.query["mac_address"] for one in netbox.asked if one.path.endswith("/mac-addresses/")]
    assert asked == [["02:aa:00:00:00:01", "02:aa:00:00:00:02"]]


def test_a_row_that_comes_on_two_pages_is_one(server: Server) -> None:
    netbox = NetBox(
        ip_addresses=[address(10, "10.0.0.1/24", 101), address(10, "10.0.0.1/24", 101)], devices=[device(1), device(1)]
    )
    found = estates(server, netbox).estate("here")
    assert (len(found.addresses), len(found.devices)) == (1, 1)
    assert {asked.query["ordering"][0] for asked in netbox.asked if asked.path.endswith("/ip-addresses/")} == {"id"}
