"""What the changelog says of statuses, and what makes NetBox deliver: over the fake and the real NetBox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.inventories import RealWorld, World, fake, real
from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import TIES, read_definitions
from turnup.adapters.netbox.ensure import Receiver, ensure_ties
from turnup.domain.wishes import PUT_BACK
from turnup.fakes.changes import BEGIN, FakeChanges
from turnup.fakes.inventory import FakeInventory
from turnup.ports import Changes, DeviceWrite

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Log:
    """A changelog, and who saves devices of it. `save` sets the status of devices in one request."""

    world: World
    changes: Changes
    since: datetime
    save: Callable[[str, list[int]], object]

    @property
    def ids(self) -> list[int]:
        return [self.world.server(name).id for name in (self.world.first, self.world.second)]


@pytest.fixture(scope="module")
def client(endpoints: dict[str, Any]) -> Client:
    return Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)


@pytest.fixture(scope="module")
def netbox(client: Client) -> Iterator[RealWorld]:
    with real(client) as built:
        yield built


@pytest.fixture(params=["fake", "real"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    if request.param == "fake":
        world = fake()
        assert isinstance(world.inventory, FakeInventory)
        changes = FakeChanges(world.inventory, (world.site, world.rack))
        yield Log(world, changes, BEGIN, lambda status, ids: changes.save("engineer", status, *ids))
        return
    built: RealWorld = request.getfixturevalue("netbox")
    asked: Client = request.getfixturevalue("client")
    since = datetime.now(UTC) - timedelta(minutes=2)  # NetBox's clock may be another one

    def save(status: str, ids: list[int]) -> None:
        asked.change_all("dcim/devices", [{"id": key, "status": status} for key in ids])

    yield Log(built.world, NetBoxChanges(asked), since, save)
    built.reset()


def test_one_request_that_sets_two_statuses_is_two_changes_of_one_id(log: Log) -> None:
    log.save("staged", log.ids)
    found = [one for one in log.changes.standing(["staged"], log.since) if one.device_id in log.ids]
    assert [(one.before, one.after) for one in found[-2:]] == [("planned", "staged")] * 2
    assert len({one.request_id for one in found[-2:]}) == 1
    last = found[-1]
    assert set(log.changes.of_request(last.request_id)) == set(found[-2:])
    assert {one.device for one in found[-2:]} == {log.world.first, log.world.second}
    assert last.rack_id == log.changes.placed([last.device_id])[last.device_id].rack_id
    assert log.changes.of_request(UNKNOWN) == ()


def test_what_came_later_and_what_is_so_by_now_are_told(log: Log) -> None:
    first, second = log.ids
    log.save("staged", [first])
    change = [one for one in log.changes.standing(["staged"], log.since) if one.device_id == first][-1]
    assert log.changes.after(change.id, [first, second]) == ()
    log.save("planned", [first])
    (later,) = log.changes.after(change.id, [first, second])
    assert (later.device_id, later.before, later.after) == (first, "staged", "planned")
    placed = log.changes.placed([first, second, 2_000_000_000])
    assert set(placed) == {first, second}
    assert (placed[first].server.status, placed[first].site, placed[first].rack) == ("planned", log.world.site, log.world.rack)


def test_a_device_that_a_run_holds_is_not_standing_and_turnup_s_own_writes_name_its_user(log: Log) -> None:
    server = log.world.server(log.world.first)
    log.world.inventory.write(server.id, server.version, DeviceWrite(status="staged", claim="server_install/x"), "contract test")
    assert [one for one in log.changes.standing(["staged"], log.since) if one.device_id == server.id] == []
    assert log.changes.after(0, [server.id])[-1].user == log.changes.own_user()


def test_a_device_that_turnup_put_back_is_standing_as_well(log: Log) -> None:
    log.save("staged", log.ids[:1])
    server = log.world.server(log.world.first)
    log.world.inventory.write(server.id, server.version, DeviceWrite(status="planned"), f"server_decommission/x: {PUT_BACK}")
    found = [one for one in log.changes.standing(["staged"], log.since) if one.device_id == server.id]
    assert [(one.before, one.after) for one in found[-2:]] == [("planned", "staged"), ("staged", "planned")]


def test_netbox_takes_the_webhook_its_rules_and_the_links_and_a_second_time_nothing_is_written(client: Client) -> None:
    definitions, there = read_definitions(kinds=TIES), client.rows("extras/webhooks", name="turnup_airflow")
    to = Receiver("http://127.0.0.1:9", "a secret of the contract test")
    if there:  # of a lab that delivers: it is put right again by what it is
        to = Receiver(there[0]["payload_url"].removesuffix("/turnup/webhooks/netbox"), there[0]["secret"])
    try:
        ensure_ties(client, definitions, to)
        assert [one.what for one in ensure_ties(client, definitions, to)] == ["unchanged"] * len(definitions)
        assert [one.what for one in ensure_ties(client, definitions, to, dry_run=True)] == ["unchanged"] * len(definitions)
    finally:
        if not there:
            for path in ("extras/event-rules", "extras/webhooks", "extras/custom-links"):
                made = [row["id"] for row in client.rows(path, fields="id,name") if row["name"].startswith("turnup_")]
                client.delete(path, made, "contract test")
