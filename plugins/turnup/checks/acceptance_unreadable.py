"""A line in which somebody accepted a finding cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.acceptance import read
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each such line: it accepts nothing."""
    for line, why in read(facts.estate.accepted).unreadable:
        yield Seen(line[:80], f"It accepts nothing: {why}.")


CHECK = Check(
    area="NetBox",
    title="An accepted finding is written wrongly",
    severity=Severity.NOTICE,
    needs=(Source.NETBOX,),
    look=look,
    why="Somebody believes that a finding is accepted, and it is not.",
    advice="correct the line in the site's field turnup_accepted: date | check | subject | reason.",
    steps="1. One line a finding: `2026-12-31 | bmc_unreachable | node-7 | board ordered, ticket 4711`.\n"
    "2. The report has the line to copy beside each finding.",
)
