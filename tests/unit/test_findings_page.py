"""docs/findings.md has a section for every check, under the name that findings lead to."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from turnup.checks import CHECKS
from turnup.checks.kind import RUNBOOK

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / RUNBOOK).read_text()


def test_the_page_of_findings_is_made_of_the_checks() -> None:
    written = runpy.run_path(str(ROOT / "docs/write_findings.py"))["page"]()
    assert written == PAGE, "run: PYTHONPATH=plugins python docs/write_findings.py"


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_it_is_about_in_whole_sentences_and_has_its_section(name: str) -> None:
    check = CHECKS[name]
    assert f"\n### {name}\n" in PAGE
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert check.advice.endswith(".")
    assert check.steps.startswith("1. ")
