"""docs/metrics.md tells every metric as the catalogue has it, and every source."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnup.web.eyes.catalogue import METRICS
from turnup.web.eyes.eyes import EVERY

PAGE = (Path(__file__).parents[3] / "docs/metrics.md").read_text()


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_told_with_kind_labels_and_meaning(name: str) -> None:
    metric = METRICS[name]
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "-"
    assert f"| `{name}` | {metric.kind} | {labels} | {metric.help} |" in PAGE


def test_no_metric_is_told_that_is_gone() -> None:
    told = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `turnup_")}
    assert told == set(METRICS)


@pytest.mark.parametrize("source", EVERY)
def test_every_source_is_told_with_how_often_it_is_looked_at(source: str) -> None:
    seconds = EVERY[source]
    often = f"{seconds // 60} min" if seconds > 60 else f"{seconds} s"
    assert any(line.startswith(f"| `{source}` |") and line.endswith(f"| {often} |") for line in PAGE.splitlines())
