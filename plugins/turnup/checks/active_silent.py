"""A live server does not answer at all."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each live server whose SSH was tried in vain, whose minion gave no sign either, and that is not just switched off."""
    for device in facts.still:
        server, bmc = device.server, facts.bmcs.get(device.server.id)
        if server.status != Status.ACTIVE or server.id not in facts.knocked or facts.answers(device):
            continue
        if bmc is not None and bmc.power == "Off":
            continue  # told by bmc_power_contradicts
        address = next((one.ip for one in (server.primary_ip4, server.primary_ip6) if one), "its address")
        power = f", though its BMC says that it is {bmc.power.lower()}" if bmc and bmc.power else ""
        yield seen(device, f"SSH does not answer at {address}, and nothing else does{power}.")


CHECK = Check(
    area="Status",
    title="A live server is silent",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.SSH),
    look=look,
    why="It is counted on and does not serve; capacity is less than everybody believes.",
    advice="look at its console through the BMC, then restart it or set it to failed in NetBox.",
    steps="1. Its BMC's console and event log say how far it got.\n"
    "2. Check the cable and the switch's port of its management interface.\n"
    "3. If it cannot be brought back soon, set it to *failed* in NetBox and plan its repair.",
)
