"""What a crash in the middle of an install must not do: lose a server, or do anything twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from lab import crash
from lab.datacenter import SITE, Server
from lab.errors import LabError
from tests.lab.conftest import Lab

PHASES = ("boot", "salt_key", "configure", "burn_in")
CRASHES = tuple(crash.KINDS)
BURN_IN, KINDS_OF_BURN_IN = "turnup_burnin.run", 2
LONGEST = 900.0  # seconds; Airflow needs up to a minute to notice each crash


def assert_survived(lab: Lab, servers: Sequence[Server], crashes: Mapping[str, str]) -> None:
    """Install these servers, all as if nothing was. `crashes` {phase: what crashes when a server is in the middle of it}."""
    before = lab.salt_jobs(BURN_IN).keys()
    run = lab.start(rack=servers[0].rack.name, servers=[server.name for server in servers])
    for phase in PHASES:
        if phase in crashes:
            in_phase(lab, run, phase)
            happen(crashes[phase])
    assert lab.ended(run, within=LONGEST) == "success", lab.states(run)
    _assert_nothing_happened_twice(lab, servers)
    jobs = Counter(minion for job, minion in lab.salt_jobs(BURN_IN).items() if job not in before)
    assert jobs == {f"{server.name}.{SITE}.turnup.example": KINDS_OF_BURN_IN for server in servers}


def in_phase(lab: Lab, run: str, phase: str) -> None:
    """Wait until some server is in the middle of the row."""
    lab.until(
        lambda: "deferred" in {state for (task, _), state in lab.states(run).items() if task == phase}, f"{phase} to begin", 400
    )


def happen(kind: str) -> None:
    """Let it crash; a worker only can while it has a task, which it has again and again."""
    end = time.monotonic() + 60
    while True:
        try:
            crash.KINDS[kind]()
        except LabError:
            assert time.monotonic() < end, f"nothing of the kind {kind} runs"
            time.sleep(0.05)
        else:
            return


def _assert_nothing_happened_twice(lab: Lab, servers: Sequence[Server]) -> None:
    """One address a port and family, one reservation a MAC, one accepted key, no claim left."""
    for server in servers:
        device = lab.devices(server.rack.name)[server.name]
        assert (device.status.value, device.custom_fields["turnup_claim"]) == ("active", None)
        addresses = lab.netbox.ipam.ip_addresses.filter(device_id=device.id)
        ports = Counter((address.assigned_object_id, address.family.value) for address in addresses)
        assert ports and set(ports.values()) == {1}, (server.name, ports)
    assert {mac.replace(":", "") for server in servers for mac in (server.mac, server.bmc_mac)} <= lab.reserved()
