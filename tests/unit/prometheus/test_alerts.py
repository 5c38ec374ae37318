"""Every alert is tried by promtool, uses metrics that there are, and leads to a section of the runbooks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.prometheus.queries import wrong

ROOT = Path(__file__).parents[3]
RULES = ROOT / "inventory/prometheus/alerts.yaml"
CASES = ROOT / "tests/cases/alerts/cases.yaml"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
EVERY = pytest.mark.parametrize("name", ALERTS)


def test_every_case_comes_out_as_it_says() -> None:
    done = subprocess.run(["promtool", "test", "rules", CASES], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@EVERY
def test_every_alert_has_a_case_in_which_it_is_raised(name: str) -> None:
    assert f'alertname="{name}"' in CASES.read_text() or f"alertname: {name}" in CASES.read_text()


@EVERY
def test_its_query_and_its_words_use_metrics_and_labels_that_there_are(name: str) -> None:
    rule = ALERTS[name]
    assert list(wrong(rule["expr"], labels=" ".join(rule["annotations"].values()))) == []


@EVERY
def test_it_says_how_bad_it_is_and_leads_to_its_runbook(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    text = (ROOT / page).read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"): heading for heading in headings}
    assert anchor in slugs
    section = text.split(f"## {slugs[anchor]}\n")[1].split("\n## ")[0]
    assert f"`{name}`" in section


def test_no_section_of_the_runbooks_is_about_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"`(Turnup[A-Za-z]+)`", (ROOT / "docs/runbooks.md").read_text())) == set(ALERTS)
