"""What turnup needs in NetBox is missing or was changed."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each custom field, tag, role, webhook and event rule that is not as defined."""
    for one in facts.setup:
        how = f"differs in {', '.join(one.fields)}" if one.fields else "is missing"
        yield Seen(f"{one.kind} {one.key}", f"It {how}.")


CHECK = Check(
    area="NetBox",
    title="NetBox is not set up as turnup needs it",
    severity=Severity.CRITICAL,
    needs=(Source.SETUP,),
    look=look,
    why="Without its custom field a claim cannot be kept; without its event rule or webhook a status starts nothing.",
    advice="run `turnup-netbox ensure` against this NetBox; it never deletes.",
    steps="1. The object's changelog in NetBox says who changed it, and perhaps why.\n"
    "2. `turnup-netbox ensure --url ... --airflow ... --dry-run`, then without `--dry-run`.\n"
    "3. An event rule that was switched off on purpose: use a hold (the tag `turnup-hold`) instead.",
)
