"""A live server's key is not accepted."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server whose minion id the master has not accepted."""
    for device in facts.still:
        minion = facts.minion_of(device)
        if device.server.status == Status.ACTIVE and minion not in facts.accepted_keys:
            waits = "a key of that name waits to be accepted" if minion in facts.waiting_keys else "it knows no key of that name"
            yield seen(device, f"The master has not accepted {minion}: {waits}.")


CHECK = Check(
    area="Salt",
    title="A live server has no accepted key",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.KEYS),
    look=look,
    why="The server gets no states: no security update, no change of its configuration.",
    advice="compare the key's fingerprint on the machine with the master's, then accept it by its exact name.",
    steps="1. On the server: `salt-call --local key.finger`; does salt-minion run, and does it know its master?\n"
    "2. On the master: compare, then `salt-key -a <id>`, by the exact id.\n"
    "3. If nobody knows why the key went, treat the machine as a stranger: a run of *server_adopt* looks at all of it.",
)
