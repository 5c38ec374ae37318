"""The dashboard asks for metrics and labels that there are, in queries that Prometheus can read, and shows all that there is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.prometheus.queries import SELECTOR, wrong
from turnup.web.eyes.catalogue import METRICS

ROOT = Path(__file__).parents[3]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "inventory/grafana/turnup.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]


@pytest.mark.parametrize(("title", "target"), QUERIES, ids=[title for title, _ in QUERIES])
def test_every_query_uses_metrics_and_labels_that_there_are(title: str, target: dict[str, Any]) -> None:
    assert SELECTOR.search(target["expr"])
    assert list(wrong(target["expr"], labels=target["legendFormat"])) == []


def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": "x", "expr": target["expr"].replace("$site", ".*"), "labels": {"panel": title}} for title, target in QUERIES
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_metric_of_the_catalogue_is_shown() -> None:
    shown = {series for _, target in QUERIES for series, _ in SELECTOR.findall(target["expr"])}
    assert [metric.name for metric in METRICS.values() if not shown & set(metric.series)] == []


def test_the_choice_of_sites_comes_from_a_metric_that_has_them() -> None:
    (site,) = [one for one in DASHBOARD["templating"]["list"] if one["name"] == "site"]
    assert site["query"]["query"] == "label_values(turnup_servers, site)"
    assert "site" in METRICS["turnup_servers"].labels


def test_panels_have_ids_of_their_own_words_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["title"] and panel["description"].endswith(".") for panel in PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
