"""The checks before a BMC is spoken to and its machine is powered, in the order in which STATE demands them.

1. its address lies in the site's out-of-band prefix, else no credential is sent anywhere;
2. its certificate is the one on record (the first one is recorded where policy allows it);
3. it reports the serial number that NetBox has.
Whether the server is off is for the step to judge: only it knows what it did before.
"""

from __future__ import annotations

from turnup.domain.errors import HardwareFault, Refused
from turnup.flow import diagnosis, serials
from turnup.flow.bmc_address import checked_address
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Bmc


def trusted_bmc(job: Job) -> Waiting[Bmc]:
    """The server's BMC, once it answers and has shown that it is the right one."""
    bmc, shown = yield from known_bmc(job)
    serials.check_bmc(job, bmc.system().serial, checked_address(job))
    keep(job, "bmc", {"certificate": shown})
    return bmc


def known_bmc(job: Job) -> Waiting[tuple[Bmc, str]]:
    """The BMC at the server's address, once it answers and has shown the certificate on record; and that certificate.

    Whose serial number it has is not asked yet.
    """
    ip = checked_address(job)
    bmc = job.ports.bmc(ip)
    silent = HardwareFault(
        f"{job.server.subject}: its BMC (MAC {job.server.out_of_band.mac}) does not answer at {ip}.",
        "check the BMC's cable and power, and that its MAC in NetBox is the one on its label; then clear this task.",
        cause="bmc-silent",
    )
    try:
        shown = yield from until(bmc.certificate, Wait(f"the BMC to answer at {ip}", job.site.timeouts.bmc_answers, silent))
    except HardwareFault as error:
        raise diagnosis.silent_bmc(job, error) from error
    bmc.trust(_certificate_on_record(job, shown))
    return bmc, shown


def _certificate_on_record(job: Job, shown: str) -> str:
    """The fingerprint to trust. HardwareFault: the BMC shows another one than is on record."""
    recorded = job.server.bmc_certificate or (latest(job, "bmc") or {}).get("certificate")
    if recorded is None:
        if not job.site.trust_bmc_on_first_use:
            raise Refused(
                f"{job.server.subject}: no certificate of its BMC is on record, and the site trusts none on first use.",
                f"compare {shown} with the BMC's own display, then enter it as turnup_bmc_certificate in NetBox.",
                cause="bmc-certificate-unknown",
            )
        job.log.info("first contact: the BMC's certificate is %s; it is recorded if the serial number is right", shown)
        return shown
    if shown != recorded:
        raise HardwareFault(
            f"{job.server.subject}: its BMC shows the certificate {shown}, on record is {recorded}. No password was sent.",
            "find out why it changed (new board, reset BMC, or another machine at that address); if it is right, "
            "clear turnup_bmc_certificate in NetBox, then clear this task.",
            cause="bmc-certificate-changed",
        )
    return str(recorded)
