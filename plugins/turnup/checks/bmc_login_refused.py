"""A BMC refuses the site's login."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen, seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each BMC that was asked, shows the right certificate and did not let us in, or did not answer as Redfish says."""
    for device in facts.still:
        bmc = facts.bmcs.get(device.server.id)
        if bmc is None or bmc.certificate is None or bmc.certificate != device.server.bmc_certificate:
            continue
        if bmc.login is False:
            yield seen(device, "Its BMC refuses the site's login.")
        elif bmc.login is None:
            yield seen(device, f"Its BMC did not tell about its server: {bmc.trouble or 'no answer'}.")


CHECK = Check(
    area="BMC",
    title="A BMC does not let us in",
    severity=Severity.WARNING,
    needs=(Source.NETBOX, Source.BMC),
    look=look,
    why="Nobody can switch the server by its BMC, and somebody else may have set the password.",
    advice="set the site's login on the BMC; where all refuse it, correct the Redfish connection in Airflow.",
    steps="1. Of all BMCs at once: the password was rotated, and the Airflow connection was not.\n"
    "2. Of one: a new board, or a BMC that was reset. Set the site's account on it.\n"
    "3. If it does not speak Redfish as expected, update or reset it.",
)
