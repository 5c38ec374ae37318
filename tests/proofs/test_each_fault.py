"""Every fault of a server alone in a rack of eight: seven are active and one has failed with its cause; mended, all eight are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.commands import reset
from lab.datacenter import RACKS
from lab.metal import faults
from tests.lab.conftest import Lab
from tests.lab.faults import CASES

RACK = RACKS[0]
FAULTY = RACK.servers[4]


@pytest.fixture
def fresh(running_lab: Lab) -> Iterator[Lab]:
    """The lab as it is after ./lab/up, before and after."""
    reset.run()
    yield running_lab
    reset.run()


@pytest.mark.parametrize("kind", CASES)
def test_alone_in_a_rack(fresh: Lab, kind: str) -> None:
    lab, case = fresh, CASES[kind]
    case.before(lab, FAULTY)
    lab.fault(FAULTY.name, kind)
    failing = [server for server in RACK.servers if server == FAULTY or faults.swapped_with(server)]
    run = lab.start(rack=RACK.name)
    assert lab.ended(run) == "failed"
    devices = lab.devices(RACK.name)
    expected = {server.name: "failed" if server in failing else "active" for server in RACK.servers}
    assert {name: device.status.value for name, device in devices.items()} == expected
    for server in failing:
        case.assert_told(server, devices[server.name].custom_fields["turnup_cause"])
        assert devices[server.name].custom_fields["turnup_claim"] is None
    tasks = [(task := case.mended(lab, server), lab.index(run, task, server.name)) for server in failing]
    lab.airflow.clear("server_install", run, tasks)
    assert lab.ended(run) == "success", lab.states(run)
    assert set(lab.statuses(RACK.name).values()) == {"active"}
