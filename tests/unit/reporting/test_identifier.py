"""A report's id stands for one run, and never for a path."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from turnup.reporting.identifier import PATTERN, identifier, read

RUNS = [
    ("server_install", "manual__2026-11-22T06:30:50.329729+00:00"),
    ("server_install", "netbox__0a-1b"),
    ("dots.and-dashes", "a.b.json"),
    ("server_abort", "../../etc/passwd"),
    ("server_abort", "~7e ~~ %2F \\ \x00 \n ü 漢"),
]


@pytest.mark.parametrize(("dag_id", "run_id"), RUNS)
def test_an_id_reads_back_as_its_run(dag_id: str, run_id: str) -> None:
    assert read(identifier(dag_id, run_id)) == (dag_id, run_id)


@pytest.mark.parametrize(("dag_id", "run_id"), RUNS)
def test_an_id_can_stand_in_a_url_as_it_is(dag_id: str, run_id: str) -> None:
    made = identifier(dag_id, run_id)
    assert quote(made, safe="") == made
    assert re.fullmatch(PATTERN, made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a",
        "a.",
        ".b",
        "a.b.c",
        "a/b.c",
        "../a.b",
        "a.b/..",
        "a.~",
        "a.~7",
        "a.~zz",
        "a.~7E",
        "a.~61",
        "a.b\n",
        "a.~ff",
    ],
)
def test_what_is_no_id_names_no_run(text: str) -> None:
    assert read(text) is None


def test_two_runs_never_share_an_id() -> None:
    assert identifier("a", "b.c") != identifier("a.b", "c")
    assert identifier("a", "b~c") != identifier("a", "b~7ec")
