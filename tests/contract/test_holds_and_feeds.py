"""What NetBox says about stopping and about power: holds on sites, and the feeds behind a server's cables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.inventories import RealWorld, real
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.holds import RecentHolds, read_holds
from turnup.domain.holds import Hold, covering


@pytest.fixture(scope="module")
def client(endpoints: dict[str, Any]) -> Client:
    return Client(endpoints["netbox"]["url"], endpoints["netbox"]["token"], timeout=60)


@pytest.fixture(scope="module")
def netbox(client: Client) -> Iterator[RealWorld]:
    with real(client) as built:
        yield built


def site_id(client: Client, slug: str) -> int:
    return int(client.rows("dcim/sites", slug=slug, fields="id")[0]["id"])


def test_a_hold_is_a_tag_on_the_site_with_its_reason_and_reach(netbox: RealWorld, client: Client) -> None:
    world = netbox.world
    assert covering(read_holds(client), world.site) is None
    custom = {"turnup_hold_reason": "an incident", "turnup_hold_all": False}
    change = {"tags": [{"slug": "turnup-hold"}], "custom_fields": custom}
    client.change("dcim/sites", site_id(client, world.site), change)
    try:
        found = read_holds(client)
        assert covering(found, world.site) == Hold(world.site, "an incident")
        assert covering(found, world.other_site) is None
        client.change("dcim/sites", site_id(client, world.site), {"custom_fields": {"turnup_hold_all": True}})
        assert covering(read_holds(client), world.other_site) == Hold(world.site, "an incident", all_sites=True)
    finally:
        nothing = {"turnup_hold_reason": None, "turnup_hold_all": None}
        client.change("dcim/sites", site_id(client, world.site), {"tags": [], "custom_fields": nothing})
    assert covering(read_holds(client), world.site) is None


def test_one_look_serves_everybody_for_thirty_seconds(client: Client) -> None:
    now = [0.0]
    recent = RecentHolds(lambda: now[0])
    before = client.requests
    for now[0] in (0.0, 1.0, 29.9, 30.0, 45.0):
        recent.of(client)
    assert client.requests - before == 2


def test_processes_that_share_a_folder_share_their_looks_and_one_that_makes_no_sense_is_none(
    client: Client, tmp_path: Path
) -> None:
    now = [0.0]
    first, second, third = (RecentHolds(lambda: now[0]) for _ in range(3))
    before = client.requests
    for now[0], recent in ((0.0, first), (5.0, second), (29.9, third), (30.0, third), (35.0, first)):
        recent.of(client, tmp_path / "shared")
    assert client.requests - before == 2
    (tmp_path / "shared/holds.json").write_text("[half")
    second.of(client, tmp_path / "shared")
    assert client.requests - before == 3
    RecentHolds(lambda: now[0]).of(client, tmp_path / "shared")
    RecentHolds(lambda: now[0] - 3600).of(client, tmp_path / "shared")
    assert client.requests - before == 4


def test_the_feeds_of_a_server_are_those_behind_its_power_strip(netbox: RealWorld, client: Client) -> None:
    world = netbox.world
    site = site_id(client, world.site)
    devices = {row["name"]: row["id"] for row in client.rows("dcim/devices", site=world.site, fields="id,name")}
    (panel,) = client.create("dcim/power-panels", [{"site": site, "name": "P1"}])
    (feed,) = client.create("dcim/power-feeds", [{"power_panel": panel["id"], "name": "A"}])
    strip, server = client.create(
        "dcim/power-ports", [{"device": devices[name], "name": "in"} for name in (world.strip, world.first)]
    )
    outlet_of = {"device": devices[world.strip], "name": "out", "power_port": strip["id"]}
    (outlet,) = client.create("dcim/power-outlets", [outlet_of])

    def cable(one: tuple[str, int], other: tuple[str, int]) -> dict[str, Any]:
        ends = [[{"object_type": f"dcim.{kind}", "object_id": key}] for kind, key in (one, other)]
        return {"a_terminations": ends[0], "b_terminations": ends[1]}

    cables = client.create(
        "dcim/cables",
        [
            cable(("powerport", strip["id"]), ("powerfeed", feed["id"])),
            cable(("powerport", server["id"]), ("poweroutlet", outlet["id"])),
        ],
    )
    try:
        assert world.server(world.first).feeds == (f"A (feed {feed['id']})",)
        assert world.server(world.second).feeds == ()
    finally:
        client.delete("dcim/cables", [one["id"] for one in cables], "contract test")
        client.delete("dcim/power-feeds", [feed["id"]], "contract test")
        client.delete("dcim/power-panels", [panel["id"]], "contract test")
