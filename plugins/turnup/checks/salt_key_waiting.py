"""A key waits at the Salt master for too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each waiting key that audits have seen for so many minutes, and that no run is about to accept."""
    longest = timedelta(minutes=facts.policy.site.audit.waiting_key_minutes)
    for minion in sorted(facts.waiting_keys - facts.accepted_keys - facts.elsewhere):
        device = facts.minions.get(minion)
        if device is not None and (device.server.claim or device.server.status == Status.ACTIVE):
            continue  # a run's business, or told by the check salt_key_missing
        since = facts.waiting_since.get(minion, facts.now)
        if facts.now - since >= longest:
            whose = f"{device.name}, which is {device.server.status}" if device else "no device of the site"
            what = f"Its key waits at least since {since:%Y-%m-%d %H:%M} UTC; the name is that of {whose}."
            yield Seen(minion, what, device.rack if device else "")


CHECK = Check(
    area="Salt",
    title="A key waits for too long",
    severity=Severity.NOTICE,
    needs=(Source.NETBOX, Source.KEYS, Source.OWNERS),
    look=look,
    why="A machine runs that nobody installs, or somebody tries to be one of ours.",
    advice="find the machine; delete the key by its exact name unless a run is to accept it.",
    steps="1. The master's log names the address that the key comes from.\n"
    "2. turnup accepts keys itself, in a run, after comparing them with the server's: none is to be accepted by hand.\n"
    "3. `salt-key -d <id>`, by the exact id; switch the machine off, or its minion offers the key again.",
)
