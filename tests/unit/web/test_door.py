"""The plugin file and the door: cheap for every process, open for the one that serves, and closed with a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from turnup.web.door import CLOSED, Application, Door, door

ROOT = Path(__file__).parents[3]
HEAVY = ("fastapi", "sqlalchemy", "jinja2", "pydantic", "turnup.web.app", "turnup.orchestration", "turnup.adapters")


def test_importing_turnups_part_of_the_plugin_loads_nothing_heavy() -> None:
    program = f"""
import json, sys
import turnup.web.door
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(ROOT / "plugins"), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_plugin_offers_pages_and_a_link_on_every_operator_of_turnup() -> None:
    import turnup_plugin  # noqa: PLC0415 -- Airflow loads it by its file

    (mounted,) = turnup_plugin.TurnupPlugin.fastapi_apps
    assert (mounted["url_prefix"], mounted["app"]) == ("/turnup", door)
    (link,) = turnup_plugin.TurnupPlugin.operator_extra_links
    names = {operator.__name__ for operator in link.operators}
    assert {"SnapshotOperator", "PlanOperator", "ServerRowOperator", "FinishOperator", "UndoOperator"} <= names
    assert link.name == "Report"


def test_the_link_leads_to_the_runs_report() -> None:
    from airflow.sdk.types import TaskInstanceKey  # noqa: PLC0415

    import turnup_plugin  # noqa: PLC0415 -- Airflow loads it by its file

    key = TaskInstanceKey("server_install", "boot", "manual__2026-11-22T06:30", 1, 3)
    (link,) = turnup_plugin.TurnupPlugin.operator_extra_links
    assert link.get_link(None, ti_key=key).endswith("/turnup/reports/server_install.manual__2026-11-22T06~3a30")


@pytest.fixture
def mounted() -> TestClient:
    app = FastAPI()
    app.mount("/turnup", door)
    return TestClient(app)


def test_the_door_opens_at_the_first_request(mounted: TestClient) -> None:
    assert mounted.get("/turnup/reports/").status_code == 401


def test_pages_that_cannot_be_loaded_answer_503_and_say_where_to_look() -> None:
    def broken() -> Application:
        raise ImportError("a defect")

    answer = TestClient(Door(broken)).get("/turnup/reports/")
    assert (answer.status_code, answer.content) == (503, CLOSED)
