"""A live server is not as its Salt states say."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each server of this audit's sample whose states would change something; nothing was changed to find out."""
    for minion, tried in sorted(facts.tried.items()):
        device = facts.minions.get(minion)
        if device is not None and tried.drifted:
            listed = ", ".join(tried.drifted[:10]) + (f" and {len(tried.drifted) - 10} more" if len(tried.drifted) > 10 else "")
            yield seen(device, f"{len(tried.drifted)} of its states would change something or fail: {listed}.")


CHECK = Check(
    area="Salt",
    title="A server has drifted from its states",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.KEYS, Source.STATES),
    look=look,
    why="Somebody changed it by hand, or the states changed and were not applied: what is tested is not what runs.",
    advice="see what would change (`state.sls ... test=True`); then apply the states, or correct them.",
    steps="1. The states and pillar of a server are in its last run's report, under *Salt*.\n"
    "2. Run them with `test=True`, and read what would change.\n"
    "3. Apply them at a quiet time, server by server; or put into the states what was changed by hand.\n"
    "4. Each audit tries another few servers: of one that has drifted there may be more.",
)
