"""Two racks with a fault on nearly every server, a prefix that fills up while an approval waits, and a NetBox that goes away.

Each server fails with its own cause and says what to do; the one without a fault goes live. All of it mended and each failed task
cleared, rack by rack, all sixteen are active, though NetBox answers no request for a minute in the middle of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from lab.datacenter import RACKS, Rack, Server
from lab.metal import kind as metal
from lab.metal.faults import FAULTS as KINDS
from lab.metal.faults import OF_ERASURE, ServerTarget, swapped_with
from tests.lab.conftest import Lab
from tests.lab.faults import CASES, Case

DAG = "server_install"
FIRST, SECOND = RACKS
HEALTHY = SECOND.servers[7]
FAULTS: Mapping[Rack, Sequence[Sequence[str]]] = {
    FIRST: (
        ["bmc-dead"],
        ["bmc-password"],
        ["bmc-certificate"],
        ["bmc-swapped"],
        [],
        ["minion-silent"],
        ["minion-dies"],
        ["slow-cpu", "slow-disk"],
    ),
    SECOND: (["ssh-dead"], ["dmi-serial"], ["nonce-lost"], ["no-dhcp"], ["key-mismatch"], ["state-fails"], ["no-image"], []),
}
"""{rack: the faults of each of its servers, in their order}. What takes longest is in the rack that begins at once."""
AWAY = 60.0  # seconds
LONGEST = 900.0  # seconds; sixteen servers at once


def failing() -> Iterator[tuple[Server, list[Case]]]:
    """Every server that fails, and how. Of two swapped BMCs the second one's server has no fault of its own."""
    for rack, kinds in FAULTS.items():
        for server, before, own in zip(rack.servers, ([], *kinds), kinds, strict=False):
            if cases := [CASES[kind] for kind in own or [kind for kind in before if kind == "bmc-swapped"]]:
                yield server, cases


EACH = pytest.mark.parametrize(("server", "cases"), list(failing()), ids=[server.name for server, _ in failing()])


@dataclass(frozen=True)
class Story:
    """What NetBox said at three moments: the prefix was full, everything had failed, everything was mended."""

    full: Mapping[str, str]
    statuses: Mapping[str, str]
    causes: Mapping[str, str]
    on: frozenset[str]
    states: Sequence[str]
    after: Mapping[str, str]


def causes(lab: Lab, *racks: Rack) -> dict[str, str]:
    return {name: device.custom_fields["turnup_cause"] or "" for rack in racks for name, device in lab.devices(rack.name).items()}


def statuses(lab: Lab) -> dict[str, str]:
    """Of turnup's servers; other devices are in the racks as well."""
    found = lab.statuses(FIRST.name) | lab.statuses(SECOND.name)
    return {server.name: found[server.name] for rack in RACKS for server in rack.servers}


@pytest.fixture(scope="module")
def story(lab: Lab) -> Iterator[Story]:
    for server, cases in failing():
        for case in cases:
            case.before(lab, server)
            if not swapped_with(server):
                lab.fault(server.name, case.kind)
    try:
        yield told(lab)
    finally:
        lab.fault("netbox", "clear")
        lab.fault(SECOND.name, "clear")
        for rack in RACKS:
            for server in rack.servers:
                lab.fault(server.name, "clear")


def told(lab: Lab) -> Story:
    runs = {FIRST: lab.start(rack=FIRST.name), SECOND: lab.start(rack=SECOND.name, approval="required")}
    second = runs[SECOND]
    lab.parked(second)
    lab.fault(SECOND.name, "prefix-full")
    lab.airflow.answer(DAG, second, "approval", -1, "Approve")
    assert lab.ended(second) == "failed"
    full = causes(lab, SECOND)

    lab.fault(SECOND.name, "clear")
    lab.airflow.clear(DAG, second, [("boot", lab.index(second, "boot", server.name)) for server in SECOND.servers])
    assert [lab.ended(run, within=LONGEST) for run in runs.values()] == ["failed", "failed"]
    failed, why = statuses(lab), causes(lab, *RACKS)
    on = frozenset(server.name for rack in RACKS for server in rack.servers if metal.of(server).is_on())

    tasks: dict[Rack, list[tuple[str, int]]] = {FIRST: [], SECOND: []}
    for server, cases in failing():
        task = next(reversed([case.mended(lab, server) for case in cases]))
        tasks[server.rack].append((task, lab.index(runs[server.rack], task, server.name)))
    lab.fault("netbox", "unavailable")
    lab.airflow.clear(DAG, runs[FIRST], tasks[FIRST])
    time.sleep(AWAY)
    lab.fault("netbox", "clear")
    states = [lab.ended(runs[FIRST], within=LONGEST)]
    lab.airflow.clear(DAG, second, tasks[SECOND])  # not before: fourteen burn-ins at once keep two processors from all else
    states.append(lab.ended(second, within=LONGEST))
    return Story(full, failed, why, on, states, statuses(lab))


def test_every_kind_of_fault_of_a_server_is_in_a_story() -> None:
    here = {kind for rack in FAULTS.values() for kinds in rack for kind in kinds}
    assert here | {"bmc-serial"} == {fault.kind for fault in KINDS} - OF_ERASURE == set(CASES)


@pytest.mark.parametrize("server", SECOND.servers, ids=lambda server: server.name)
def test_a_prefix_that_is_full_after_the_approval_is_every_servers_cause(story: Story, server: Server) -> None:
    cause = story.full[server.name]
    assert "Prefix 198.18.2.0/24 is full" in cause
    assert "Next: release addresses or enlarge the prefix in NetBox, then clear this task. [prefix-full]" in cause


def test_the_server_without_a_fault_goes_live(story: Story) -> None:
    assert [name for name, status in story.statuses.items() if status == "active"] == [HEALTHY.name]


@EACH
def test_each_fault_ends_with_its_cause_what_was_seen_and_what_to_do(story: Story, server: Server, cases: list[Case]) -> None:
    assert story.statuses[server.name] == "failed"
    for case in cases:
        case.assert_told(server, story.causes[server.name])


def test_two_swapped_servers_are_each_named_in_the_cause_of_the_other(story: Story) -> None:
    one, other = FIRST.servers[3:5]
    assert other.name in story.causes[one.name]
    assert one.name in story.causes[other.name]
    assert any("the two are swapped" in story.causes[server.name] for server in (one, other))


def test_what_never_came_up_was_switched_off_again(story: Story) -> None:
    never = {server.name for server, cases in failing() if cases[0].row == "boot"}
    assert not never & story.on


def test_mended_and_cleared_all_are_active_though_netbox_was_away_for_a_minute(story: Story) -> None:
    assert set(story.after.values()) == {"active"}, story.after
    assert list(story.states) == ["success", "success"]


def test_no_fault_is_left(story: Story) -> None:
    assert not [server.name for rack in RACKS for server in rack.servers if ServerTarget(server).active()]
