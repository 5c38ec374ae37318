"""The README tells the truth about rows, statuses, commands and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from turnup.domain import states
from turnup.domain.states import Transition
from turnup.flow.decommission import DECOMMISSION
from turnup.flow.install import INSTALL
from turnup.flow.rows import Flow

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()


def test_the_picture_names_every_row_in_order() -> None:
    picture = TEXT.split("## The flow")[1].split("```")[1]
    rows = ["snapshot", "plan", "approval", *_rows(INSTALL)]
    assert_in_order(rows, picture)


def test_the_picture_of_a_decommission_names_every_row_in_order() -> None:
    picture = TEXT.split("## Taking servers out")[1].split("```")[1]
    assert_in_order(["snapshot", "survey", "seal", "approval", "second_approval", *_rows(DECOMMISSION)], picture)


def _rows(flow: Flow) -> list[str]:
    return [*(row.name for row in flow.rack_rows), *(row.name for row in flow.server_rows), flow.closing_row.name]


def assert_in_order(rows: list[str], picture: str) -> None:
    found = [re.search(rf"^(?:.*  )?{row}\b", picture, re.MULTILINE) for row in rows]
    places = [match.start() for match in found if match]
    assert len(places) == len(rows), [row for row, match in zip(rows, found, strict=True) if not match]
    assert places == sorted(places)


TRANSITIONS = [value for value in vars(states).values() if isinstance(value, Transition)]


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda one: one.event)
def test_the_table_of_statuses_has_every_transition(transition: Transition) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and transition.event in line]
    assert len(rows) == 1
    _, before, _, after, claim, _ = (cell.strip() for cell in rows[0].split("|"))
    assert all(f"`{status}`" in before for status in transition.before)
    assert f"`{transition.after}`" in after
    assert (claim != "none") == transition.claimed


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", TEXT))))
def test_every_link_leads_to_something(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\./lab/([a-z]+)", TEXT))))
def test_every_command_of_the_lab_is_there(command: str) -> None:
    assert (ROOT / "lab" / command).exists()
