"""A server is held by a run that has ended."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each device whose claim names a run that does not go on."""
    for device in facts.estate.devices:
        claim = device.server.claim
        if claim in facts.ended_claims:
            yield seen(device, f"It is {device.server.status} and held by the run {claim}, which has ended.")


CHECK = Check(
    area="Status",
    title="A run that ended still holds a server",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.AIRFLOW),
    look=look,
    why="No other run may touch the server, and nobody works on it.",
    advice="resume that run, or break the claim with the DAG server_abort.",
    steps="1. If the run can go on, clear its failed task in Airflow.\n"
    "2. Else start *server_abort* for the server: it undoes what the run did and gives the server back, never silently.",
)
