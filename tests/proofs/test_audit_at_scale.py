"""Ten thousand servers audited within a minute and a gigabyte, beside a plain loop over them with pynetbox, in the same run.

NetBox and Kea's hosts database are the lab's own, filled in bulk; BMCs, SSH, salt-api and Kea's control agent are simulated at
their sockets. The first tenth of the fleet is audited first: requests grow with pages, not with servers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_network
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lab import paths
from lab.commands import reset
from lab.datacenter import EDGE, G1
from lab.services import netbox, postgres
from tests.benchmarks.simulated import BMC_PREFIX, BMC_SUBNET, NIC_PREFIX, NIC_SUBNET, address, mac, minion, name
from tests.certificates import self_signed
from tests.lab.conftest import Lab

SIZES = (1000, 10_000)
SECONDS, MEGABYTES = 60.0, 1024
LOOPED = 200
"""Servers that the plain loop looks at; it takes as long for each of the others."""


def fill(site: str, count: int, certificate: str) -> None:
    """NetBox and Kea know so many servers. Both have the same addresses as those of another size: they are filled once each."""

    def server(number: int) -> dict[str, Any]:
        ports = [
            {"name": "eth0", "mac": mac(number, 0), "address": f"{address(NIC_PREFIX, number)}/16", "mgmt_only": False},
            {"name": "bmc", "mac": mac(number, 1), "address": f"{address(BMC_PREFIX, number)}/16", "mgmt_only": True},
        ]
        place = {"rack": f"F{(number - 1) // 40 + 1:03}", "unit": (number - 1) % 40 + 1}
        return {"name": name(number), "serial": f"F{number:05}", "certificate": certificate, "ports": ports} | place

    wanted = {
        "site": site,
        "role": EDGE,
        "device_type": G1.name,
        "prefixes": {"management": NIC_PREFIX, "out-of-band": BMC_PREFIX},
        "servers": [server(number) for number in range(1, count + 1)],
    }
    netbox.run("-m", "lab.inside_netbox.fleet", stdin=json.dumps(wanted))
    ports = ((0, NIC_SUBNET, NIC_PREFIX), (1, BMC_SUBNET, BMC_PREFIX))
    with (
        postgres.connect("kea") as database,
        database.cursor().copy(
            "COPY hosts (dhcp_identifier_type, dhcp_identifier, dhcp4_subnet_id, ipv4_address, hostname) FROM STDIN"
        ) as rows,
    ):
        for number in range(1, count + 1):
            for port, subnet, prefix in ports:
                identifier = "\\x" + mac(number, port).replace(":", "")
                rows.write_row((0, identifier, subnet, int(IPv4Address(address(prefix, number))), minion(number)))


@pytest.fixture(params=SIZES)
def fleet(request: pytest.FixtureRequest, running_lab: Lab, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A site of so many servers, and its simulated services."""
    reset.run()
    count: int = request.param
    assert count < ip_network(NIC_PREFIX).num_addresses
    certificate, key, fingerprint = self_signed(tmp_path, "simulated")
    fill("fleet", count, fingerprint)
    command = [sys.executable, "-m", "tests.benchmarks.simulated", str(count), str(certificate), str(key)]
    with subprocess.Popen(command, cwd=paths.CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as simulated:
        assert simulated.stdout is not None
        assert simulated.stdin is not None
        ports = json.loads(simulated.stdout.readline())
        given = {
            "site": "fleet",
            "endpoints": running_lab.endpoints,
            "ports": ports,
            "ca": str(certificate),
            "device_type": G1.name,
        }
        yield given | {"count": count, "lab": running_lab}
        simulated.stdin.close()
    reset.run()


def test_an_audit_takes_less_than_a_minute_and_a_gigabyte(fleet: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    lab, count = fleet.pop("lab"), fleet.pop("count")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fleet_audit"],
        input=json.dumps(fleet),
        cwd=paths.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={"PYTHONPATH": "plugins:.", "PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    began = time.monotonic()
    for device in islice(lab.netbox.dcim.devices.filter(site="fleet", limit=LOOPED), LOOPED):
        list(lab.netbox.dcim.interfaces.filter(device_id=device.id))
        list(lab.netbox.ipam.ip_addresses.filter(device_id=device.id))
    each = (time.monotonic() - began) / LOOPED
    with capsys.disabled():
        sys.stdout.write(
            f"\naudit of {count} servers: {told['seconds']} s, {told['megabytes']} MB, {told['requests']} requests to NetBox, "
            f"{told['headline']}\n  by source: {told['took']}\n"
            f"plain pynetbox loop, NetBox alone: {each * LOOPED:.1f} s for {LOOPED} servers with {2 * LOOPED} requests; "
            f"at that rate {each * count:.0f} s and {2 * count} requests for {count}\n"
        )
    assert told["findings"] == [], told
    assert told["not_checked"] == {}
    assert told["requests"] <= 30 + 8 * count / 1000
    assert told["megabytes"] < MEGABYTES
    assert told["seconds"] < SECONDS
