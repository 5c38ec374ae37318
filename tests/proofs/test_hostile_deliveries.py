"""Ten thousand hostile deliveries start nothing; a thousand honest ones at once start exactly the right runs."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from threading import Barrier
from typing import Any

import pytest

from lab import console
from lab.commands import reset
from lab.datacenter import EDGE, MANUFACTURER, SITE
from lab.services import netbox
from tests.lab.conftest import Lab
from tests.lab.engineer import WHO, Engineer, Heard, deliver, nobody_told, paused, wish
from tests.lab.flood import assert_harmless, assert_no_secret_in_logs
from turnup.adapters.netbox.client import Client, Row

SEED, HOSTILE = 2026, 10_000
DAG, SWEEP = "server_install", "webhook_sweep"
REQUESTS, OF = 200, 5
SAVERS, AT_ONCE, IN_A_RACK = 4, 50, 50


@pytest.fixture
def fresh(running_lab: Lab) -> Iterator[Lab]:
    """The lab as it is after ./lab/up, before and after; its installs only queue, and nobody sweeps meanwhile."""
    reset.run()
    with paused(running_lab, DAG), paused(running_lab, SWEEP):
        yield running_lab
        for run in running_lab.airflow.runs_from(DAG, "netbox__"):
            running_lab.airflow.delete(run)
        reset.run()


def test_ten_thousand_hostile(fresh: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    counts = assert_harmless(fresh, SEED, HOSTILE, within=120)
    assert counts.total() == HOSTILE
    told = ", ".join(f"{kind} {status}: {count}" for (kind, status), count in sorted(counts.items()))
    with capsys.disabled():
        console.say("webhooks", f"{HOSTILE} hostile deliveries in {time.monotonic() - began:.0f} s: {told}")


def test_a_thousand_at_once(fresh: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = fresh
    names = mounted(Client(netbox.url(), netbox.token(), timeout=120))
    engineer, heard = Engineer(lab), Heard()
    groups = list(batched(names, OF))
    with nobody_told(lab), ThreadPoolExecutor(SAVERS) as pool:
        requests = list(pool.map(lambda group: engineer.sets("staged", *group), groups))
    assert len(set(requests)) == REQUESTS
    saved = list(zip(requests, groups, strict=True))
    said, seconds = at_once(lab, engineer, [(request, name) for request, group in saved for name in group])

    assert {(status, answer["status"]) for status, answer in said.values()} == {(202, "accepted")}
    expected = {f"netbox__{request}": sorted(group) for request, group in saved}
    for (request, name), (_, answer) in said.items():
        assert (answer["run_id"], sorted(answer["servers"])) == (f"netbox__{request}", expected[f"netbox__{request}"]), name
    assert Counter(answer["reason"] for _, answer in said.values()) == {"new": REQUESTS, "known": REQUESTS * (OF - 1)}
    runs = lab.airflow.runs_from(DAG, "netbox__")
    assert {run["dag_run_id"]: sorted(run["conf"]["servers"]) for run in runs} == expected
    assert {(run["state"], run["triggering_user_name"]) for run in runs} == {("queued", WHO)}
    lab.until(lambda: len(heard.lines("accepted")) >= REQUESTS * OF, "a line in the log for each")
    assert len(heard.lines()) == REQUESTS * OF
    assert_no_secret_in_logs()
    with capsys.disabled():
        told = f"{len(said)} deliveries at once: {len(runs)} runs, the last one answered after {seconds:.0f} s"
        console.say("webhooks", told)


def mounted(client: Client) -> list[str]:
    """Racks full of planned servers without a wire; their names."""
    sites = client.rows("dcim/sites", slug=SITE, fields="id")
    makers = client.rows("dcim/manufacturers", name=MANUFACTURER, fields="id")
    roles = client.rows("dcim/device-roles", slug=EDGE, fields="id")
    site, role = sites[0]["id"], roles[0]["id"]
    model: Row = {"manufacturer": makers[0]["id"], "model": "Flood", "slug": "flood", "u_height": 0}
    kind = client.create("dcim/device-types", [model])[0]["id"]
    names = [f"flood-{number:04}" for number in range(REQUESTS * OF)]
    racks = client.create("dcim/racks", [{"name": f"F{n}", "site": site} for n in range(len(names) // IN_A_RACK)])
    common: Row = {"site": site, "role": role, "device_type": kind, "status": "planned"}
    rows = [{**common, "name": name, "rack": racks[number // IN_A_RACK]["id"]} for number, name in enumerate(names)]
    for some in batched(rows, AT_ONCE):
        client.create("dcim/devices", some)
    return names


def at_once(
    lab: Lab, engineer: Engineer, devices: Sequence[tuple[str, str]]
) -> tuple[dict[tuple[str, str], tuple[int, dict[str, Any]]], float]:
    """What the endpoint answers to each of these (request id, device), and the seconds until the last answer."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    ready = Barrier(len(devices) + 1)

    def send(device: tuple[str, str]) -> tuple[int, dict[str, Any]]:
        ready.wait(120)
        return deliver(lab, wish(engineer, *device), timeout=1800)

    with ThreadPoolExecutor(len(devices)) as pool:
        waiting = {device: pool.submit(send, device) for device in devices}
        ready.wait(120)
        began = time.monotonic()
        return {device: one.result() for device, one in waiting.items()}, time.monotonic() - began
