"""A BMC shows another certificate than is on record."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity
from turnup.domain.states import Status


def look(facts: Facts) -> Iterator[Seen]:
    """Each BMC with another one, and each of a live server without any on record. No password was sent to them."""
    for device in facts.still:
        bmc, recorded = facts.bmcs.get(device.server.id), device.server.bmc_certificate
        if bmc is None or bmc.certificate is None or bmc.certificate == recorded:
            continue
        if recorded:
            yield seen(device, f"Its BMC shows the certificate {bmc.certificate}; on record is {recorded}. No password was sent.")
        elif device.server.status == Status.ACTIVE:
            yield seen(device, f"Its BMC shows the certificate {bmc.certificate}; none is on record. No password was sent.")


CHECK = Check(
    area="BMC",
    title="A BMC's certificate is not the one on record",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="The board was replaced, the BMC was reset, or another machine is at that address and waits for the password.",
    advice="find out why; compare the fingerprint with the BMC's own display, then correct turnup_bmc_certificate in NetBox.",
    steps="1. Ask who worked on the machine. A replaced board has another serial number and other MACs as well.\n"
    "2. Compare the fingerprint in the evidence with the one that the BMC itself shows, on its console.\n"
    "3. Enter it as `turnup_bmc_certificate` in NetBox; or run *server_adopt* for the server.",
)
