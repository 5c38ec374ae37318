"""dhcp of a live server: the DHCP server knows its NIC and its BMC at the addresses that they have."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.flow.job import Job
from turnup.flow.steps import dhcp
from turnup.flow.waiting import Waiting


def do(job: Job) -> Waiting[None]:
    """Reserve what is not reserved. A reservation that is there is left as it is, or refused where it gives another address."""
    wanted = dhcp.reservations(job)
    there = {(one.subnet_id, one.mac): one for one in job.ports.dhcp.reservations([one.mac for one in wanted])}
    differ = [
        f"{one.mac} is to get {found.ip} and has {one.ip}"
        for one in wanted
        if (found := there.get((one.subnet_id, one.mac))) is not None and found.ip != one.ip
    ]
    if differ:
        raise Refused(
            f"{job.server.subject}: DHCP has other addresses reserved than NetBox knows: {'; '.join(differ)}.",
            "look which the machine really has; correct NetBox, or remove that reservation, then clear this task.",
            cause="dhcp-differs",
        )
    missing = [one for one in wanted if (one.subnet_id, one.mac) not in there]
    job.ports.dhcp.reserve(missing)
    job.log.info("%d reservations were there, %d are made", len(wanted) - len(missing), len(missing))
    return
    yield
