"""A live server's minion gives no sign of life."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server whose minion was asked and is silent while the machine answers otherwise, as far as that is known."""
    for device in facts.still:
        minion, seen_bmc = facts.minion_of(device), facts.bmcs.get(device.server.id)
        if device.server.status != Status.ACTIVE or minion not in facts.asked or minion in facts.answering:
            continue
        if device.server.id in facts.knocked - facts.open or (seen_bmc and seen_bmc.power == "Off"):
            continue  # the whole machine is silent or off: told by active_silent or bmc_power_contradicts
        yield seen(device, f"Its minion {minion} did not answer test.ping.")


CHECK = Check(
    area="Salt",
    title="A live server's minion is silent",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.KEYS, Source.MINIONS),
    look=look,
    why="The server gets no states, and nobody would notice that before the next urgent change.",
    advice="start salt-minion on the server; its log says what became of it.",
    steps="1. `systemctl status salt-minion` and `/var/log/salt/minion` on the server.\n"
    "2. Of many servers at once: look at the Salt master, and at the network to its ports 4505 and 4506.",
)
