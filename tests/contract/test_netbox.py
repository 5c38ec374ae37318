"""What turnup relies on in NetBox itself: conditional writes under a race, few requests, messages in the changelog, `ensure`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.inventories import RealWorld, real
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import read_definitions
from turnup.adapters.netbox.ensure import ensure
from turnup.adapters.netbox.inventory import NetBoxInventory
from turnup.domain.errors import Conflict, Refused
from turnup.ports import AddressRequest, DeviceWrite


@pytest.fixture
def client(endpoints: dict[str, Any]) -> Client:
    return Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)


@pytest.fixture(scope="module")
def built(endpoints: dict[str, Any]) -> Iterator[RealWorld]:
    with real(Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)) as found:
        yield found


@pytest.fixture
def netbox(built: RealWorld) -> Iterator[RealWorld]:
    yield built
    built.reset()


def test_of_runs_that_claim_a_server_at_the_same_moment_exactly_one_gets_it(netbox: RealWorld, client: Client) -> None:
    read = netbox.world.server(netbox.world.first)

    def claim(run: str) -> str | None:
        try:
            NetBoxInventory(client).write(read.id, read.version, DeviceWrite(status="staged", claim=run, cause=""), run)
        except Conflict:
            return None
        return run

    with ThreadPoolExecutor(4) as pool:
        winners = [run for run in pool.map(claim, ("run 1", "run 2", "run 3", "run 4")) if run]
    assert winners == [netbox.world.inventory.device(read.id).claim]


def test_a_snapshot_takes_nine_requests_and_one_a_prefix_and_a_claim_takes_one(netbox: RealWorld, client: Client) -> None:
    inventory = NetBoxInventory(client)
    server = inventory.snapshot(netbox.world.site, netbox.world.rack).servers[0]
    assert client.requests == 9 + 3 + 1  # the last for the sites of devices with one MAC
    inventory.write(server.id, server.version, DeviceWrite(status="staged", claim="run"), "run")
    assert client.requests == 9 + 3 + 1 + 1


def test_what_a_run_writes_has_its_message_in_the_changelog(netbox: RealWorld, client: Client) -> None:
    world = netbox.world
    server = world.server(world.first)
    world.inventory.write(server.id, server.version, DeviceWrite(status="staged"), "claimed by run 7")
    eth0 = server.interface("eth0")
    assert eth0 is not None
    [taken] = world.inventory.allocate(world.prefix(world.management).id, [AddressRequest(eth0.id, "a.example", "run 7")])
    world.inventory.release([taken.id], "given back by run 7")

    def messages(kind: str, key: int) -> list[tuple[str, str]]:
        found = client.rows("core/object-changes", changed_object_type=kind, changed_object_id=key, ordering="time")
        return [(row["action"]["value"], row["message"]) for row in found]

    assert messages("dcim.device", server.id)[-1] == ("update", "claimed by run 7")
    assert messages("ipam.ipaddress", taken.id) == [("create", "run 7"), ("delete", "given back by run 7")]


def test_a_wrong_token_is_refused(endpoints: dict[str, Any]) -> None:
    inventory = NetBoxInventory(Client(endpoints["netbox"]["url"], "nbt_aaaaaaaaaaaa." + "b" * 40))
    with pytest.raises(Refused, match="token"):
        inventory.device(1)


def test_ensure_finds_nothing_to_do_after_the_seed(client: Client) -> None:
    definitions = read_definitions()
    outcomes = ensure(client, definitions)
    assert [outcome.what for outcome in outcomes] == ["unchanged"] * len(definitions)
    assert client.requests == len({definition.kind.name for definition in definitions})


def test_ensure_puts_right_what_differs_and_a_dry_run_does_not(client: Client) -> None:
    tags = [one for one in read_definitions() if one.kind.name == "tags"]
    [there] = client.rows("extras/tags", slug="turnup-unwiped")
    client.change("extras/tags", there["id"], {"color": "000000"})

    def told(dry_run: bool) -> list[str]:
        return [str(outcome) for outcome in ensure(client, tags, dry_run) if outcome.what != "unchanged"]

    expected = [f"changed    tags  turnup-unwiped  (color: '000000' -> '{there['color']}')"]
    assert told(dry_run=True) == expected
    assert told(dry_run=False) == expected
    assert told(dry_run=False) == []
