"""A server that left still answers."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status

GONE = (Status.INVENTORY, Status.OFFLINE)


def look(facts: Facts) -> Iterator[Seen]:
    """Each server that NetBox calls gone and that gave a sign of life."""
    for device in facts.still:
        if device.server.status not in GONE or not facts.answers(device):
            continue
        how = [
            *(["SSH answers"] if device.server.id in facts.open else []),
            *([f"its minion {facts.minion_of(device)} answers"] if facts.minion_of(device) in facts.answering else []),
        ]
        yield seen(device, f"NetBox calls it {device.server.status}, and {' and '.join(how)}.")


CHECK = Check(
    area="Status",
    title="A server that left still answers",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.SSH),
    look=look,
    why="It was never wiped, or it was installed behind NetBox's back: nobody patches it, and it may hold data.",
    advice="find out who set its status; take it out by server_decommission, or correct the status.",
    steps="1. The device's changelog in NetBox says who set the status; a run of turnup leaves a certificate of the wipe.\n"
    "2. If it is in use, set it to *active* again, and run *server_adopt*.\n"
    "3. If it is to leave, set it to *active* and decommission it properly: drained, wiped, proven.",
)
