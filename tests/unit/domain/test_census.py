"""Which servers count, and in which state since when."""

from __future__ import annotations

from tests.unit.domain import worlds
from turnup.domain.census import Fill, standings
from turnup.domain.fleet import Device, Fleet, Rack

CAUSE = "boot: a3: The BMC does not answer [0x3]. Next: look. [bmc-silent] (run server_install/one)"


def fleet(*devices: Device) -> Fleet:
    return Fleet(racks={7: Rack(7, "A", "here", "active", "v")}, devices={one.id: one for one in devices})


def test_those_that_turnup_installs_at_sites_with_a_policy_count() -> None:
    found = standings(
        fleet(
            Device(1, "a1", "here", "active", "2026-11-22T07:00:00Z", rack_id=7, role="edge"),
            Device(2, "a2", "here", "staged", "2026-11-22T07:00:00Z", rack_id=7, role="edge", claim="server_install/one"),
            Device(3, "a3", "here", "failed", "2026-11-22T07:00:00Z", role="edge", cause=CAUSE),
            Device(4, "sw", "here", "active", "v", rack_id=7, role="switch"),
            Device(5, "b5", "here", "active", "v", rack_id=7, role="edge", tenant="acme"),
            Device(6, "c6", "there", "active", "v", role="edge"),
        ),
        {"here": worlds.SITE},
        {2: "2026-11-22T06:00:00Z"},
    )
    assert [(one.id, one.rack, one.state, one.since[11:13], one.claim, one.cause) for one in found] == [
        (1, "A", "active", "07", "", ""),
        (2, "A", "staged", "06", "server_install/one", ""),
        (3, "", "failed", "07", "", "bmc-silent"),
    ]


def test_a_prefix_that_can_give_out_nothing_is_full() -> None:
    assert Fill("here", "10.0.0.0/31", "management", 0, 0).share == 1
    assert Fill("here", "10.0.0.0/30", "management", 3, 2).share == 1
