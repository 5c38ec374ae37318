"""A released address waited its days and is not given out yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity

FREE_AFTER = re.compile(r"Free after (\d{4}-\d{2}-\d{2})\.")
"""How a decommission describes what it releases."""


def look(facts: Facts) -> Iterator[Seen]:
    """Each deprecated address on nothing whose description says that it is free by now."""
    today = facts.now.date()
    for one in facts.estate.addresses:
        match = FREE_AFTER.match(one.description)
        if one.status != "deprecated" or one.port is not None or one.elsewhere or match is None:
            continue
        try:
            until = date.fromisoformat(match[1])
        except ValueError:
            continue
        if until < today:
            values: dict[str, str | int | None] = {"id": one.id, "cidr": one.cidr, "description": one.description}
            fix = Fix(f"delete the deprecated address {one.cidr}, so that it can be given out again", "free_address", values)
            yield Seen(one.ip, f"It was to be kept until {until}; its description: {one.description!r}.", fix=fix)


CHECK = Check(
    area="Addresses",
    title="An address's quarantine is over",
    severity=Severity.NOTICE,
    needs=(Source.NETBOX,),
    look=look,
    why="A prefix fills up with addresses that nobody uses.",
    advice="delete it in NetBox, or name this check in the audit's *fix*.",
    steps="1. Nothing is to be decided: the days that the site's policy gives (`decommission.quarantine_days`) are over.\n"
    "2. Delete the address, or let the fix do it.",
    fixes=True,
)
