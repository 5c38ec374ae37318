"""Where a server's BMC is, and that credentials may go there."""

from __future__ import annotations

from netaddr import IPAddress, IPNetwork

from turnup.domain.errors import Refused
from turnup.flow.job import Job
from turnup.flow.steps import addresses


def checked_address(job: Job) -> str:
    """The BMC's address, where credentials may go. Refused: it lies outside the site's out-of-band prefix."""
    ip, prefix = addresses.out_of_band_ip(job), job.server.out_of_band.prefix
    if IPAddress(ip) not in IPNetwork(prefix):
        raise Refused(
            f"{job.server.subject}: its out-of-band address {ip} lies outside {prefix}.",
            "correct the address in NetBox; no credential was sent.",
            cause="bmc-address-outside",
        )
    return ip
