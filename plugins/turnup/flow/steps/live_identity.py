"""identity of a live server: the machine at its address is the one that NetBox means. It is only read."""

from __future__ import annotations

from turnup.domain.errors import HardwareFault
from turnup.flow.job import Job
from turnup.flow.steps import addresses, identity
from turnup.flow.waiting import Wait, Waiting, until


def do(job: Job) -> Waiting[None]:
    """Compare serial number and MACs from inside, and remember the SSH host key.

    There is no nonce: this run did not boot it. Serial number and MACs are what ties the machine that answers to the BMC.
    """
    ip = addresses.management_ip(job)
    shell = job.ports.shell(ip)
    try:
        yield from until(
            lambda: shell.answers() or None,
            Wait(
                f"SSH to answer at {ip}",
                job.site.timeouts.ssh_answers,
                HardwareFault(
                    f"{job.server.subject} is active and on, and SSH does not answer at {ip}.",
                    "compare the address in NetBox with the machine's, and look whether sshd runs and lets turnup's host in.",
                    cause="ssh-silent",
                ),
            ),
        )
        identity.check_serial(job, shell, ip)
        identity.check_macs(job, shell)
        identity.remember(job, shell)
    finally:
        shell.close()
    job.log.info("serial number and MACs are right")
