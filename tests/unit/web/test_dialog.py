"""The dialog's fields are those of the DAGs' forms, with the same choices, and it brings no script or style of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from turnup.orchestration.form import abort_form, decommission_form, install_form
from turnup.web import plan_page

HTML = (plan_page.TEMPLATES / "actions.html.j2").read_text()
SCRIPT = (Path(plan_page.__file__).parent / "static/actions.js").read_text()
FORMS = {"install": install_form(), "decommission": decommission_form(), "abort": abort_form()}
CHOSEN_ON_THE_PAGE = {"site", "rack", "servers"}


@pytest.mark.parametrize("action", FORMS)
def test_every_field_of_the_form_is_in_the_dialog(action: str) -> None:
    fieldsets = re.findall(r'<fieldset data-act-of="([^"]*)".*?>(.*?)</fieldset>', HTML, re.DOTALL)
    fields = {name for of, inside in fieldsets if action in of.split() for name in re.findall(r'name="(\w+)"', inside)}
    assert fields == set(FORMS[action]) - CHOSEN_ON_THE_PAGE


@pytest.mark.parametrize(("action", "name"), [("decommission", "wipe"), ("install", "approval")])
def test_choices_are_those_of_the_form(action: str, name: str) -> None:
    (options,) = re.findall(rf'<select name="{name}">(.*?)</select>', HTML, re.DOTALL)
    assert re.findall(r'<option value="(\w*)">', options) == FORMS[action][name].schema["enum"]


def test_nothing_runs_but_the_file() -> None:
    assert "<script" not in HTML
    assert not re.search(r"\son\w+=|style=|javascript:", HTML)
    assert not re.search(r"\beval\b|new Function|document\.write", SCRIPT)
