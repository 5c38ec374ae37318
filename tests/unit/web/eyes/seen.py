"""One of everything that the eyes can see, so that every metric of the catalogue has a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.unit.domain import worlds
from turnup.domain.census import Fill, Standing
from turnup.domain.error_budget import Allowance, Ending
from turnup.reporting.history import Failed, Found, Past, Took
from turnup.web.eyes.airflow import AirflowRun, Row, Seen
from turnup.web.eyes.audit import Counted
from turnup.web.eyes.eyes import Eyes, Looks
from turnup.web.eyes.memory import Memory

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = replace(worlds.SITE, error_budget=Allowance(failures=4))
INSTALL = "server_install"


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


SERVERS = (
    Standing(1, "here", "A", "active", ago(9000)),
    Standing(2, "here", "A", "staged", ago(100), "server_install/one"),
    Standing(3, "here", "A", "staged", ago(700), "server_install/gone"),
    Standing(4, "here", "B", "failed", ago(500), cause="bmc-silent"),
    Standing(5, "here", "B", "failed", ago(400), cause="made-up"),
)
FILLS = (Fill("here", "10.0.1.0/24", "management", 127, 254),)
RUNS = (
    AirflowRun(INSTALL, "one", "here", going_on=True, ended=""),
    AirflowRun(INSTALL, "two", "here", going_on=False, ended="x"),
)
AIRFLOW = Seen(
    RUNS,
    {(INSTALL, "running"): 1, (INSTALL, "success"): 1},
    {(INSTALL, "success"): 60.0},
    (Row(INSTALL, "boot", "here", 30.0), Row(INSTALL, "boot", "here", 90.0), Row(INSTALL, "boot", "a" * 99, 5.0)),
    (Row(INSTALL, "approval", "here", 3600.0),),
)
PAST = Past(
    INSTALL,
    "here",
    endings=(
        Ending("here", "g1", "a1", ago(60), failed=True, cause="bmc-silent"),
        Ending("here", "g1", "a2", ago(60), failed=False),
    ),
    took=(Took("claim", "", 0.5), Took("boot", "g1", 7.0), Took("boot", "g1", 700.0)),
    failed=(Failed("boot", "bmc-silent"),),
    found=(Found("g1", "cpu", "bogo_ops_per_second", "pass"),),
)
AUDIT = Counted(ago(120), {("duplicate-address", "warning"): 2}, {("salt-keys",): 1})
COUNTS = {("accepted", "new"): 3, ("refused", "signature"): 1}


def looks() -> Looks:
    """Everything is there, and quick."""
    memory = Memory(lambda dag_id, run_id, going_on: PAST if run_id == "two" else Past(dag_id, "here"), lambda: NOW)
    return Looks(
        policy=lambda: {"here": SITE},
        airflow=lambda: AIRFLOW,
        history=memory.of,
        netbox=lambda sites: SERVERS,
        prefixes=lambda sites: FILLS,
        audit=lambda: AUDIT,
        deliveries=lambda: COUNTS,
    )


def eyes(**differs: object) -> Eyes:
    return Eyes(replace(looks(), **differs), lambda: NOW)  # type: ignore[arg-type]
