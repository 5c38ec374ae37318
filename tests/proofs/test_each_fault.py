"""Every fault alone, in an install of a rack of eight: it is told, with its alert; the others go live, and it too once mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from lab.commands import reset
from lab.datacenter import RACKS, SITE
from lab.metal import faults
from tests.lab import prometheus
from tests.lab.conftest import Lab
from tests.lab.faults import CASES

DAG = "server_install"
RACK = RACKS[0]
FAULTY = RACK.servers[4]
ALL_ACTIVE = {server.name: "active" for server in RACK.servers}
AWAY = 60.0  # seconds
PATIENT = 1200.0  # seconds that a run may take while every request takes three


@pytest.fixture
def fresh(running_lab: Lab) -> Iterator[Lab]:
    """The lab as it is after ./lab/up, before and after."""
    reset.run()
    yield running_lab
    reset.run()


@pytest.mark.parametrize("kind", CASES)
def test_a_server(fresh: Lab, kind: str) -> None:
    lab, case = fresh, CASES[kind]
    case.before(lab, FAULTY)
    lab.fault(FAULTY.name, kind)
    failing = [server for server in RACK.servers if server == FAULTY or faults.swapped_with(server)]
    run = lab.start(rack=RACK.name)
    assert lab.ended(run) == "failed"
    devices = lab.devices(RACK.name)
    expected = ALL_ACTIVE | {server.name: "failed" for server in failing}
    assert {name: device.status.value for name, device in devices.items() if name in ALL_ACTIVE} == expected
    for server in failing:
        case.assert_told(server, devices[server.name].custom_fields["turnup_cause"])
        assert devices[server.name].custom_fields["turnup_claim"] is None
        prometheus.alert(lab, "TurnupServerFailed", site=SITE, rack=RACK.name, cause=case.cause)
    tasks = [(task := case.mended(lab, server), lab.index(run, task, server.name)) for server in failing]
    lab.airflow.clear(DAG, run, tasks)
    assert lab.ended(run) == "success", lab.states(run)
    assert statuses(lab) == ALL_ACTIVE


@pytest.mark.parametrize("kind", ["prefix-full"])
def test_a_rack(fresh: Lab, kind: str) -> None:
    lab = fresh
    run = lab.start(rack=RACK.name, approval="required")
    lab.parked(run)
    lab.fault(RACK.name, kind)
    lab.airflow.answer(DAG, run, "approval", -1, "Approve")
    assert lab.ended(run) == "failed"
    for name, device in lab.devices(RACK.name).items():
        assert name not in ALL_ACTIVE or "[prefix-full]" in device.custom_fields["turnup_cause"]
    lab.fault(RACK.name, "clear")
    lab.airflow.clear(DAG, run, [("boot", lab.index(run, "boot", name)) for name in ALL_ACTIVE])
    assert lab.ended(run) == "success", lab.states(run)
    assert statuses(lab) == ALL_ACTIVE


def at_once(lab: Lab, run: str) -> None:
    """The run has just begun: workers read NetBox."""


def in_boot(lab: Lab, run: str) -> None:
    """Servers are being switched on: the triggerer asks NetBox."""
    lab.until(
        lambda: "deferred" in {state for (task, _), state in lab.states(run).items() if task == "boot"}, "boot to begin", 300
    )


def in_burn_in(lab: Lab, run: str) -> None:
    """What comes next is written to NetBox."""
    done = "success"
    lab.until(lambda: done in {state for (task, _), state in lab.states(run).items() if task == "configure"}, "burn-in", 300)


@pytest.mark.parametrize("moment", [at_once, in_boot, in_burn_in], ids=lambda moment: f"netbox-unavailable-{moment.__name__}")
def test_a_minute_without_netbox(fresh: Lab, moment: Callable[[Lab, str], None]) -> None:
    run = fresh.start(rack=RACK.name)
    moment(fresh, run)
    fresh.fault("netbox", "unavailable")
    time.sleep(AWAY)
    fresh.fault("netbox", "clear")
    assert fresh.ended(run) == "success", fresh.states(run)
    assert statuses(fresh) == ALL_ACTIVE


@pytest.mark.parametrize("kind", ["slow"], ids=["netbox-slow"])
def test_a_slow_netbox(fresh: Lab, kind: str) -> None:
    fresh.fault("netbox", kind)
    try:
        run = fresh.start(rack=RACK.name)
        assert fresh.ended(run, within=PATIENT) == "success", fresh.states(run)
    finally:
        fresh.fault("netbox", "clear")
    assert statuses(fresh) == ALL_ACTIVE


def statuses(lab: Lab) -> dict[str, str]:
    """Of the rack's servers; other devices may be in it as well."""
    return {name: status for name, status in lab.statuses(RACK.name).items() if name in ALL_ACTIVE}
