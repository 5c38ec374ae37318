"""The running lab, as its users see it: Airflow and NetBox over REST, services at the addresses of `.lab/endpoints.json`."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pynetbox
import pytest
import requests

from lab import paths
from lab.airflow_api import ENDED, AirflowApi
from lab.commands import fault, reset
from lab.datacenter import BY_NAME, SITE
from lab.services import haproxy
from turnup.adapters.policy_files import load_policy
from turnup.adapters.traffic.haproxy import Haproxy
from turnup.adapters.traffic.haproxy_runtime import RuntimeApi, trust

LONGEST = 420.0  # seconds that a run may take


@dataclass(frozen=True)
class Lab:
    """The lab that runs here."""

    endpoints: dict[str, Any]
    airflow: AirflowApi = field(default_factory=lambda: AirflowApi("operator"))

    @cached_property
    def netbox(self) -> Any:
        api = pynetbox.api(self.endpoints["netbox"]["url"], token=self.endpoints["netbox"]["token"])
        api.http_session = requests.Session()
        api.http_session.trust_env = False
        return api

    @cached_property
    def traffic(self) -> Haproxy:
        """The site's load balancer, as turnup asks it."""
        here = self.endpoints["traffic"][SITE]
        context = trust(here["ca"], here["certificate"], here["private_key"])
        api = RuntimeApi(here["runtime_host"], here["runtime_port"], context, 10)
        pools = load_policy(paths.CHECKOUT / "inventory", SITE).site.traffic.pools
        return Haproxy([api], pools, haproxy.SERVER_OPTIONS, 10)

    def start(self, dag: str = "server_install", **conf: Any) -> str:
        return self.airflow.trigger(dag, {"site": SITE} | conf)

    def ended(self, run: str, dag: str = "server_install", within: float = LONGEST) -> str:
        """The run's last state; waits for it."""
        end = time.monotonic() + within
        while (state := self.airflow.state(dag, run)) not in ENDED:
            assert time.monotonic() < end, f"{run} is still {state}: {self.states(run, dag)}"
            time.sleep(1)
        return state

    def until(self, condition: Callable[[], object], what: str, within: float = 120.0) -> None:
        """Waits for a condition of the lab."""
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"waited {within:.0f} s in vain for {what}"
            time.sleep(0.5)

    def parked(self, run: str, task: str = "approval", server: str = "", dag: str = "server_install") -> None:
        """Waits until a task asks a person, and until the scheduler knows: an answer before that is asked for again."""

        def noticed() -> bool:
            log = (paths.LOG / "airflow-scheduler.log").read_text(errors="replace").splitlines()
            return any(
                "TaskInstance Finished" in line and run in line and f"task_id={task}," in line and "state=awaiting_input" in line
                for line in log
            )

        self.until(lambda: self.states(run, dag).get((task, server)) == "awaiting_input" and noticed(), f"{task} to ask")

    def index(self, run: str, task: str, server: str = "", dag: str = "server_install") -> int:
        """The map index of a server's task; -1 of a task that is not mapped."""
        tasks = self.airflow.tasks(dag, run)
        found = [one for one in tasks if one["task_id"] == task and (one.get("rendered_map_index") or "") == server]
        assert found, f"{run} has no task {task} of {server or 'the rack'}"
        return int(found[0]["map_index"])

    def resume(self, run: str, task: str, server: str, dag: str = "server_install") -> None:
        """Clears a server's task and what follows it, as an engineer does who has mended the cause."""
        self.airflow.clear(dag, run, [(task, self.index(run, task, server, dag))])

    def states(self, run: str, dag: str = "server_install") -> dict[tuple[str, str], str]:
        """{(task, server or ""): state}."""
        return {(task["task_id"], task.get("rendered_map_index") or ""): task["state"] for task in self.airflow.tasks(dag, run)}

    def log(self, run: str, task: str, server: str = "", dag: str = "server_install") -> str:
        """The log of a task's latest try, of one server where it is mapped."""
        for one in self.airflow.tasks(dag, run):
            if one["task_id"] == task and (one.get("rendered_map_index") or "") == server:
                return "\n".join(self.airflow.log(dag, run, task, one["map_index"], max(one["try_number"], 1)))
        raise AssertionError(f"{run} has no task {task} of {server or 'the rack'}")

    def devices(self, rack: str) -> dict[str, Any]:
        """{name: NetBox's device} of a rack's servers; what is not turnup's is not among them."""
        found = self.netbox.dcim.devices.filter(site=SITE)
        return {one.name: one for one in found if one.rack and one.rack.name == rack and one.name in BY_NAME}

    def statuses(self, rack: str) -> dict[str, str]:
        return {name: device.status.value for name, device in self.devices(rack).items()}

    def changes(self) -> int:
        """How many changes NetBox's changelog has."""
        return int(self.netbox.core.object_changes.count())

    def record(self, run: str, name: str, dag: str = "server_install") -> bytes | None:
        """A file of the run's folder in the report store."""
        path = Path(paths.REPORTS) / "runs" / dag / quote(run, safe="") / name
        return path.read_bytes() if path.exists() else None

    def reserved(self) -> set[str]:
        """The MACs (hex) that Kea has reservations for."""
        with psycopg.connect(self.endpoints["dhcp"][SITE]["database"]) as database:
            return {row[0] for row in database.execute("SELECT encode(dhcp_identifier, 'hex') FROM hosts").fetchall()}

    def salt_jobs(self, function: str) -> dict[str, str]:
        """{job id: minion} of every call of a function that the master's job cache knows."""
        command = [str(paths.ENV / "salt/bin/salt-run"), "-c", str(paths.ETC / "salt"), "--out=json", "jobs.list_jobs"]
        done = subprocess.run([*command, f"search_function={function}"], capture_output=True, text=True, check=True, timeout=120)
        return {job: str(details["Target"][0]) for job, details in json.loads(done.stdout).items()}

    def fault(self, *words: str) -> None:
        assert fault.main(words) == 0


@pytest.fixture(scope="session")
def running_lab() -> Lab:
    if not paths.ENDPOINTS.exists():
        pytest.fail("The lab is not up: run ./lab/up, or run the tests by ./lab/test.")
    return Lab(json.loads(paths.ENDPOINTS.read_text()))


@pytest.fixture(scope="module")
def lab(running_lab: Lab) -> Iterator[Lab]:
    """The lab as it is after ./lab/up; one story a module."""
    reset.run()
    yield running_lab


def names(rack: Any) -> Sequence[str]:
    return [server.name for server in rack.servers]
