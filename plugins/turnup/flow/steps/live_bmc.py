"""bmc of a live server: the BMC is the right one, and the server is on."""

from __future__ import annotations

from turnup.domain.errors import HardwareFault
from turnup.flow.bmc_trust import trusted_bmc
from turnup.flow.job import Job
from turnup.flow.steps.boot import ON
from turnup.flow.waiting import Waiting


def do(job: Job) -> Waiting[None]:
    """Check address, certificate and serial number, and ask for the power; order nothing."""
    bmc = yield from trusted_bmc(job)
    power = bmc.system().power
    if power != ON:
        raise HardwareFault(
            f"{job.server.subject} is active in NetBox, and its BMC says that it is {power}.",
            "find out why it is not running; correct its status in NetBox or switch it on, then clear this task.",
            cause="live-but-off",
        )
    job.log.info("its BMC has the serial number %s, and it is on", job.server.serial)
