"""The DAG file: it reads the flow's rows, and reading it costs no network, no database and no adapter."""

from __future__ import annotations

import itertools
import json
import runpy
from pathlib import Path

import pytest
from airflow.sdk import DAG

from turnup.flow.install import INSTALL
from turnup.orchestration.triggers import ServerRowTrigger

ROOT = Path(__file__).parents[3]
FILE = ROOT / "dags/server_install.py"


@pytest.fixture(scope="module")
def dag() -> DAG:
    return next(value for value in runpy.run_path(str(FILE)).values() if isinstance(value, DAG))


def test_every_row_is_a_task_in_the_flows_order(dag: DAG) -> None:
    rack_wide = ["snapshot", "plan", "approval", *(row.name for row in INSTALL.rack_rows)]
    each = [row.name for row in INSTALL.server_rows]
    order = [*rack_wide, *each, INSTALL.closing_row.name]
    assert set(dag.task_ids) == {*order, "preflight"}
    assert dag.get_task("preflight").upstream_task_ids == {"plan"}
    assert not dag.get_task("preflight").downstream_task_ids
    for before, after in itertools.pairwise(order):
        assert before in dag.get_task(after).upstream_task_ids, (before, after)


def test_per_server_rows_are_mapped_and_named_by_the_server(dag: DAG) -> None:
    for row in INSTALL.server_rows:
        task = dag.get_task(row.name)
        assert [group.group_id for group in task.iter_mapped_task_groups()] == ["server"]
        assert task.map_index_template == "{{ task.server }}"


def test_every_task_has_a_time_limit_or_waits_for_a_person(dag: DAG) -> None:
    for task in dag.tasks:
        assert task.execution_timeout is not None or task.task_id == "approval"


def test_a_trigger_comes_back_from_airflows_database_as_it_was() -> None:
    trigger = ServerRowTrigger("server_install", "run", "here", "boot", "a1", resumed=True)
    path, arguments = trigger.serialize()
    assert path == "turnup.orchestration.triggers.ServerRowTrigger"
    assert json.loads(json.dumps(arguments)) == arguments
    assert ServerRowTrigger(**arguments).serialize() == (path, arguments)


def test_a_trigger_with_nonsense_does_not_raise_when_it_is_made() -> None:
    """An exception there ends the triggerer, and with it every wait of every run."""
    ServerRowTrigger(None, None, None, None, None, None)  # type: ignore[arg-type]
