"""A source did not answer the audit."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each source that was silent, or could be looked at in part alone."""
    for source, why in facts.silent.items():
        yield Seen(source.value, f"It could not be asked: {why}")
    for source, why in facts.partial.items():
        yield Seen(source.value, f"It could be asked in part alone: {why}")


CHECK = Check(
    area="The audit itself",
    title="A source did not answer",
    severity=Severity.CRITICAL,
    needs=(),
    look=look,
    why="What hangs on it was not checked: an audit without findings says nothing about it.",
    advice="bring the service back, then start the audit again.",
    steps="1. The evidence says which service, and what it answered; its own log says more.\n"
    "2. The checks that need it are listed as *not checked*: they are not *ok*.\n"
    "3. Where it only took too long, the site's policy gives it longer: `audit.seconds`.",
)
