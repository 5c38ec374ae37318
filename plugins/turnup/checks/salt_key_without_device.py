"""The Salt master accepts a key that no device has."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each accepted minion id that is no device's of the site."""
    for minion in sorted(facts.accepted_keys - facts.minions.keys() - facts.elsewhere):
        fix = Fix(f"reject the key of {minion}: the master stops talking to it", "reject_key", {"minion": minion})
        yield Seen(minion, "The master accepted its key; no device of the site has this name.", fix=fix)


CHECK = Check(
    area="Salt",
    title="An accepted key is no device's",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.KEYS, Source.OWNERS),
    look=look,
    why="Whoever has that key is given states, pillar and the secrets in it.",
    advice="find out whose it is: enter the device in NetBox, or let the fix reject the key.",
    steps="1. `salt-key -p <id>`, and the master's log: when was it accepted, from which address does it come?\n"
    "2. If the machine is meant to be there, enter it in NetBox (or accept this finding until a date).\n"
    "3. Else name this check in the audit's *fix*: the key is rejected, which `undo` takes back, and nothing is deleted.",
    fixes=True,
)
