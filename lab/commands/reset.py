"""`./lab/reset`: back to the state after `./lab/up`, in seconds. Nothing is installed, no service is restarted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from lab import claim, console, metal_interface, netbox_database, paths, slate, supervisor, waiting
from lab.airflow_api import ENDED, AirflowApi
from lab.errors import LabError
from lab.services import airflow, haproxy, kea, netbox, notices, redis, salt


def main(arguments: Sequence[str]) -> int:  # noqa: ARG001 - it takes none
    """Whoever works is stopped first; then each service forgets what it learned since the seed."""
    claim.refuse_a_second()
    if not supervisor.running():
        raise LabError("The lab does not run. Start it with ./lab/up.")
    run()
    console.say("lab", "is as it was after ./lab/up")
    return 0


def run() -> None:
    """Everything is as it was after the seed."""
    netbox.NetBoxTarget().clear()
    console.say("airflow", f"runs ended and deleted: {_forget_runs()}")
    if metal_interface.call("rack", "forget"):
        console.say("metal", "every server is off and as delivered, without a fault")
    kea.empty()
    console.say("kea", "reservations and leases are gone")
    haproxy.empty()
    console.say("haproxy", "no server is behind it")
    notices.empty()
    console.say("salt", f"keys deleted: {salt.delete_all_keys()}")
    for folder in (paths.BOOT, paths.REPORTS):
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.rmtree(airflow.HOME / "turnup" / "slots", ignore_errors=True)  # what was seen of holds is about the NetBox of before
    netbox_database.reset()
    # Jobs of before. The rest of this database stays: the worker is registered in it, once, when it starts.
    redis.command("DEL", *(f"rq:queue:{queue}" for queue in ("high", "default", "low")))
    redis.command("FLUSHDB", database=redis.CACHE)
    netbox.wait()
    slate.wiped()
    console.say("netbox", "holds the seed and nothing else")


def _forget_runs() -> int:
    api = AirflowApi()
    runs = api.runs()
    ending = [run for run in runs if run["state"] not in ENDED]
    for run in ending:
        api.end(run)
    # A task that is told to end notices at its next heartbeat; nothing may write to NetBox after that was reset.
    waiting.until(
        lambda: not any(_works(api, run) for run in ending),
        "the tasks of the ended runs stop",
        60,
        paths.LOG / "airflow-scheduler.log",
    )
    for run in runs:
        api.delete(run)
    return len(runs)


def _works(api: AirflowApi, run: dict[str, str]) -> bool:
    working = ("running", "queued", "restarting", "deferred")
    return any(task["state"] in working for task in api.tasks(run["dag_id"], run["dag_run_id"]))
