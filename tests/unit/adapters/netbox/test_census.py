"""How full prefixes are, and since when servers are in their states: which requests, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from tests.unit.domain import worlds
from tests.unit.orchestration.netbox_people import People
from turnup.adapters.netbox.census import Since, fills
from turnup.adapters.netbox.client import Client
from turnup.domain.census import Fill
from turnup.domain.fleet import Device

SITES = {"here": worlds.SITE, "there": replace(worlds.SITE, site="there")}


def prefix(key: int, cidr: str, scope: int = 1, role: str | None = "management", *, is_pool: bool = False) -> dict[str, Any]:
    return {"id": key, "prefix": cidr, "role": {"slug": role} if role else None, "scope_id": scope, "is_pool": is_pool}


def netbox(prefixes: list[dict[str, Any]], addresses: list[str]) -> Any:
    rows = {
        "/api/dcim/sites/": [{"id": 1, "slug": "here"}, {"id": 2, "slug": "there"}],
        "/api/ipam/prefixes/": prefixes,
        "/api/ipam/ip-addresses/": [{"id": number, "address": one} for number, one in enumerate(addresses)],
    }

    def answer(asked: Asked) -> Answer:
        found = rows[asked.path]
        first, limit = int(asked.query.get("offset", ["0"])[0]), int(asked.query["limit"][0])
        page = found[first : first + limit]
        return Answer({"count": len(found), "next": None, "previous": None, "results": page})

    return answer


def test_prefixes_that_servers_use_are_as_full_as_their_addresses_say(server: Server) -> None:
    server.answer = netbox(
        [
            prefix(1, "10.0.1.0/24"),
            prefix(2, "10.0.9.0/30", 2, "out-of-band"),
            prefix(3, "10.0.8.0/30", is_pool=True),
            prefix(4, "10.0.7.0/24", role="loopbacks"),
            prefix(5, "10.0.6.0/24", role=None),
            prefix(6, "fd00::/64"),
        ],
        ["10.0.1.1/24", "10.0.1.2/24", "10.0.1.2/32", "10.0.9.1/30", "10.0.9.2/30", "10.0.1.255/24"],
    )
    assert fills(Client(server.url, "token", timeout=5), SITES) == (
        Fill("here", "10.0.1.0/24", "management", 3, 254),
        Fill("there", "10.0.9.0/30", "out-of-band", 2, 2),
        Fill("here", "10.0.8.0/30", "management", 0, 4),
    )
    assert [asked.path for asked in server.asked] == ["/api/dcim/sites/", "/api/ipam/prefixes/", "/api/ipam/ip-addresses/"]
    assert server.asked[2].query["parent"] == ["10.0.1.0/24", "10.0.9.0/30", "10.0.8.0/30"]


def test_requests_grow_with_pages_of_addresses_not_with_prefixes(server: Server) -> None:
    prefixes = [prefix(number, f"10.{number}.0.0/24") for number in range(100)]
    server.answer = netbox(prefixes, [f"10.{number % 100}.0.{number // 100 + 1}/24" for number in range(2500)])
    found = fills(Client(server.url, "token", timeout=5), SITES)
    assert [one.used for one in found] == [25] * 100
    assert len(server.asked) == 5


def test_without_a_site_nothing_is_asked(server: Server) -> None:
    assert fills(Client(server.url, "token", timeout=5), {}) == ()
    assert server.asked == []


def device(people: People, key: int) -> Device:
    found = people.server(key)
    return Device(key, found.name, "here", found.status, found.version, claim=found.claim)


def test_the_changelog_says_since_when_and_is_asked_once_for_each_change() -> None:
    people, since = People(), Since()
    people.saved("staged", 1)
    (change,) = people.changes.after(0, [1])
    people.changes.calls.clear()
    devices = [device(people, 1), device(people, 3)]
    assert since.of(people.changes, devices) == {1: change.at}
    assert since.of(people.changes, devices) == {1: change.at}
    assert people.changes.calls == ["after"]
    people.claim(1, "server_install/one")
    assert since.of(people.changes, [device(people, 1)]) == {1: change.at}
    people.saved("failed", 1)
    (*_, last) = people.changes.after(0, [1])
    assert since.of(people.changes, [device(people, 1)]) == {1: last.at}
    assert last.at > change.at


def test_what_the_changelog_does_not_know_any_more_is_since_the_last_save() -> None:
    old = Device(99, "z", "here", "failed", "2026-01-01T00:00:00Z")
    since = Since()
    assert since.of(People().changes, [old]) == {99: old.version}
    assert since.of(People().changes, [replace(old, version="2026-02-01T00:00:00Z", claim="x")]) == {99: old.version}
    assert since.of(People().changes, []) == {}
