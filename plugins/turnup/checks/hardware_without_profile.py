"""A server's hardware generation has no file."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each server of ours, not yet gone, whose device type is in no file of `inventory/hardware`."""
    for device in facts.still:
        server = device.server
        if server.status not in (Status.INVENTORY, Status.OFFLINE) and facts.policy.hardware_of(server.device_type) is None:
            yield seen(device, f"No hardware generation has its device type {server.device_type!r}.")


CHECK = Check(
    area="Hardware",
    title="A server's generation has no profile",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="It cannot be installed, burned in or wiped: nobody has said which ports it has and how it boots.",
    advice="add inventory/hardware/<generation>.yaml, or correct the device type in NetBox.",
    steps="1. If the type is a slip, correct it in NetBox.\n"
    "2. Else write the generation's file; docs/policy.md explains each key.",
)
