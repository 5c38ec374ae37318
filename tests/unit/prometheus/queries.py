"""Which metrics and labels a query uses, held against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from turnup.web.eyes.catalogue import METRICS

SELECTOR = re.compile(r"\b(turnup_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
BELONGING = {series: metric for metric in METRICS.values() for series in metric.series}
OF_EVERY_TARGET = {"job", "instance"}


def wrong(query: str, *, labels: str = "") -> Iterator[str]:
    """What is not in the catalogue: metrics, labels that select or group, and those that a text about the result names."""
    found = SELECTOR.findall(query)
    known: set[str] = set(OF_EVERY_TARGET)
    for series, matchers in found:
        if series not in BELONGING:
            yield f"no metric {series}"
            continue
        own = {*BELONGING[series].labels, *(("le",) if series.endswith("_bucket") else ())}
        known |= own
        yield from (f"{series} has no label {one}" for one in MATCHER.findall(matchers) if one not in own | OF_EVERY_TARGET)
    grouped = {one.strip() for group in GROUPED.findall(query) for one in group.split(",") if one.strip()}
    if found:
        yield from (f"no label {one} in: {query}" for one in grouped - known)
        told = set(re.findall(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}", labels))
        yield from (f"the text tells the label {one}, which is not in: {query}" for one in told - (grouped or known))
