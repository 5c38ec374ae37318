"""A server is in a status that is meant to pass, for too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.policy import Audit
from turnup.domain.states import Status


def longest(audit: Audit) -> dict[str, timedelta]:
    """{status: how long a server may have it}."""
    return {
        Status.STAGED: timedelta(hours=audit.staged_hours),
        Status.FAILED: timedelta(days=audit.failed_days),
        Status.DECOMMISSIONING: timedelta(days=audit.decommissioning_days),
    }


def look(facts: Facts) -> Iterator[Seen]:
    """Each server of ours, claimed or not: a run that hangs is named, too."""
    limits = longest(facts.policy.site.audit)
    for device in facts.ours:
        limit = limits.get(device.server.status)
        if limit is not None and device.since is not None and facts.now - device.since > limit:
            held = f"the run {device.server.claim} holds it" if device.server.claim else "no run holds it"
            yield seen(device, f"It is {device.server.status} since {device.since:%Y-%m-%d %H:%M} UTC, and {held}.")


CHECK = Check(
    area="Status",
    title="A server is stuck in a status",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="It was bought and does not serve, or it was to leave and has not.",
    advice="read its journal; resume the run that stopped, or abort it.",
    steps="1. The device's journal and `turnup_cause` in NetBox say where it stopped and why.\n"
    "2. Mend that, then clear the failed task in Airflow; or start *server_abort*, and a new run.\n"
    "3. How long is too long is the site's policy: `audit.staged_hours`, `.failed_days`, `.decommissioning_days`.",
)
