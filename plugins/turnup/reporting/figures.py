"""Burn-in documents become figures with units and thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from turnup.reporting.report import BurnIn, Figure

UNITS = {
    "_per_second": "/s",
    "_iops": "IO/s",
    "_ms": "ms",
    "_us": "µs",
    "_mb_s": "MB/s",
    "_gbit_s": "Gbit/s",
    "_celsius": "°C",
    "_percent": "%",
    "_seconds": "s",
}
"""A figure's name ends with its unit."""


def unit_of(figure: str) -> str:
    """How the unit is written; empty where the name tells none."""
    return next((unit for ending, unit in UNITS.items() if figure.endswith(ending)), "")


def label_of(figure: str) -> str:
    """The figure's name without its unit."""
    ending = next((ending for ending in UNITS if figure.endswith(ending) and ending != "_iops"), "")
    return figure.removesuffix(ending).replace("_", " ")


def burn_in(document: Mapping[str, Any], planned: Mapping[str, Any]) -> BurnIn:
    """One burn-in as it was judged, with the thresholds of the server's plan."""
    limits = dict(_limits(planned))
    figures = []
    for verdict in document.get("verdicts") or ():
        test, figure = str(verdict.get("test", "")), str(verdict.get("figure", ""))
        at_least, at_most = limits.get((test, figure), (None, None))
        outcome, evidence = str(verdict.get("outcome", "")), str(verdict.get("evidence", ""))
        figures.append(Figure(test, figure, unit_of(figure), verdict.get("value"), at_least, at_most, outcome, evidence))
    return BurnIn(str(document.get("profile", "")), tuple(figures))


def _limits(planned: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[float | None, float | None]]]:
    """{(test, figure): (at least, at most)} from the plan's burn-in."""
    for test in planned.get("burn_in") or ():
        for threshold in test.get("thresholds") or ():
            yield (str(test.get("test")), str(threshold.get("figure"))), (threshold.get("at_least"), threshold.get("at_most"))
