"""`./lab/demo`: starts the lab, installs rack R1 through Airflow while you watch, leaves everything running."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pynetbox
import requests

from lab import console, paths, waiting
from lab.airflow_api import ENDED, AirflowApi
from lab.commands import up
from lab.datacenter import RACKS, SITE
from lab.errors import LabError
from lab.ports import answers
from lab.progress import Progress
from lab.secrets import secret
from lab.services import airflow, haproxy, netbox, notices, prometheus

DAG = "server_install"
RACK = RACKS[0]
ANSWERS_WITHIN = 180  # seconds; servers that were switched on again with the lab boot all at once
LONGEST = 40 * 60  # seconds; a rack takes some minutes


def main(arguments: Sequence[str]) -> int:  # noqa: ARG001 - it takes none
    """Exit code 0 only when every server of the rack is `active` and answers."""
    up.run()
    active = _active(_devices())
    if active:
        console.say("rack", f"{RACK.name}: {active} of {len(RACK.servers)} servers are active already")
    if active < len(RACK.servers):
        _install()
    devices = _devices()
    _summary(devices)
    return 0 if _active(devices) == len(RACK.servers) and _all_answer(devices) else 1


def _all_answer(devices: list[Any]) -> bool:
    """Whether each server lets SSH in at its primary address; one that was switched on again with the lab takes a moment."""
    silent = {str(device.name): str(device.primary_ip4 or "").partition("/")[0] for device in devices}
    end, said = time.monotonic() + ANSWERS_WITHIN, False
    while silent := {name: address for name, address in silent.items() if not (address and answers(22, address))}:
        if time.monotonic() > end:
            for name, address in silent.items():
                console.say("FAILED", f"{name} does not answer on port 22 of {address or 'no address'}")
            return False
        if not said:
            console.say("rack", f"{RACK.name}: waiting for {len(silent)} servers to answer on port 22")
            said = True
        time.sleep(1)
    return True


def _active(devices: list[Any]) -> int:
    return sum(device.status.value == "active" for device in devices)


def _install() -> None:
    """One run of the flow, followed until it ends."""
    api = AirflowApi("operator")
    waiting.until(lambda: _read(api), f"Airflow has read the DAG {DAG}", 120, paths.LOG / "airflow-dag-processor.log", pause=1)
    going = _going(api)
    run = going or api.trigger(DAG, {"site": SITE, "rack": RACK.name})
    page = f"{airflow.url()}/dags/{DAG}/runs/{run}"
    console.say("rack", f"{RACK.name}: {DAG} {'runs already' if going else 'started'}, {page}")
    progress = Progress()
    end = time.monotonic() + LONGEST
    while (state := api.state(DAG, run)) not in ENDED:
        if time.monotonic() > end:
            raise LabError(f"The run did not end within {LONGEST // 60} minutes. It goes on: {page}")
        progress.show(api.tasks(DAG, run))
        time.sleep(1)
    tasks = api.tasks(DAG, run)
    progress.show(tasks)
    progress.finish()
    console.say("rack", f"{RACK.name}: the run ended: {state}")
    for task in tasks:
        if task["state"] == "failed" and task["map_index"] < 0:  # a server's cause is in NetBox, and shown from there
            problem = api.problem(DAG, run, task["task_id"], max(task["try_number"], 1))
            console.say("FAILED", f"{task['task_id']}: {problem or 'look at its log in Airflow'}")


def _going(api: AirflowApi) -> str | None:
    """The run that is at work on the rack already, for instance of a demo that was interrupted."""
    ours = {"site": SITE, "rack": RACK.name}
    for run in api.runs():
        if run["dag_id"] == DAG and run["state"] not in ENDED and ours.items() <= (run.get("conf") or {}).items():
            return str(run["dag_run_id"])
    return None


def _read(api: AirflowApi) -> bool:
    if errors := api.import_errors():
        raise LabError("Airflow cannot read a DAG file:\n" + "\n".join(errors))
    return api.knows(DAG)


def _devices() -> list[Any]:
    """What NetBox says of the rack's servers."""
    api = pynetbox.api(netbox.url(), token=netbox.token())
    api.http_session = requests.Session()
    api.http_session.trust_env = False
    return sorted(api.dcim.devices.filter(name=[server.name for server in RACK.servers], site=SITE), key=str)


def _summary(devices: list[Any]) -> None:
    print(f"\nRack {RACK.name}:")
    for device in devices:
        cause = (device.custom_fields or {}).get("turnup_cause") or ""
        print(f"  {device.name!s:<14} {device.status.value:<10} {device.primary_ip4 or ''!s:<18} {cause}".rstrip())
    logins = [
        ("Airflow", airflow.url(), "admin", airflow.password("admin")),
        ("", "", "operator", airflow.password("operator")),
        ("", "", "approver", airflow.password("approver")),
        ("", "", "viewer", airflow.password("viewer")),
        ("NetBox", netbox.url(), netbox.ADMIN, secret("netbox_admin", 16)),
        ("", "", netbox.ENGINEER, secret("netbox_engineer", 16)),
    ]
    print("\nWhere to look, and how to log in:")
    for what, url, user, password in logins:
        print(f"  {what:<8} {url:<26} {user:<9} {password}")
    others = [
        ("rack", f"{airflow.url()}/turnup/?site={SITE}&rack={RACK.name}", "this rack as Airflow's page Racks shows it"),
        ("service", haproxy.url(), "what these servers serve; any of them answers with its name"),
        ("notices", notices.url(), "what turnup told a chat and by e-mail"),
        ("alerts", f"{prometheus.url()}/alerts", "what Prometheus makes of turnup's metrics"),
    ]
    for what, url, meaning in others:
        print(f"  {what:<8} {url:<26} {meaning}")
    print(f"\nFor programs: {paths.ENDPOINTS}\nLogs: {paths.LOG}\nNext: ./lab/status, ./lab/reset, ./lab/down\n")
