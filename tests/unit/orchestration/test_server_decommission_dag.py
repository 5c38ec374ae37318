"""The DAG file of the decommission: every row is a task, in order, and reading it imports no adapter."""

from __future__ import annotations

import itertools
import runpy
from copy import deepcopy
from pathlib import Path

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError

from turnup.flow.decommission import DECOMMISSION

ROOT = Path(__file__).parents[3]
FILE = ROOT / "dags/server_decommission.py"
RIGHT = {"site": "lab1", "rack": "R1", "servers": ["a1"], "wipe": "clear", "reason": "end of lease", "dry_run": False}


@pytest.fixture(scope="module")
def dag() -> DAG:
    return next(value for value in runpy.run_path(str(FILE)).values() if isinstance(value, DAG))


def test_every_row_is_a_task_in_the_flows_order_after_two_approvals(dag: DAG) -> None:
    rack_wide = ["snapshot", "survey", "seal", "approval", "second_approval", *(row.name for row in DECOMMISSION.rack_rows)]
    order = [*rack_wide, *(row.name for row in DECOMMISSION.server_rows), DECOMMISSION.closing_row.name]
    assert set(dag.task_ids) == set(order)
    for before, after in itertools.pairwise(order):
        assert before in dag.get_task(after).upstream_task_ids, (before, after)


def test_per_server_rows_are_mapped_and_named_by_the_server(dag: DAG) -> None:
    for row in DECOMMISSION.server_rows:
        task = dag.get_task(row.name)
        assert [group.group_id for group in task.iter_mapped_task_groups()] == ["server"]
        assert task.map_index_template == "{{ task.server }}"


def test_every_task_has_a_time_limit_or_waits_for_a_person(dag: DAG) -> None:
    for task in dag.tasks:
        assert task.execution_timeout is not None or task.task_id in ("approval", "second_approval")


@pytest.mark.parametrize(
    "wrong",
    [{"servers": []}, {"servers": None}, {"wipe": "weaker"}, {"reason": ""}, {"reason": None}],
    ids=["no names", "names left out", "unknown wipe", "empty reason", "no reason"],
)
def test_a_form_that_names_no_server_or_no_reason_starts_nothing(dag: DAG, wrong: dict[str, object]) -> None:
    deepcopy(dag.params).update(RIGHT)
    with pytest.raises(ParamValidationError):
        deepcopy(dag.params).update(RIGHT | wrong)
