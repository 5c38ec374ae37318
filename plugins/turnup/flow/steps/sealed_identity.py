"""identity of a server that is to be wiped: from inside, with the nonce of its boot; and its drives are the sealed ones."""

from __future__ import annotations

from turnup.domain.errors import Conflict
from turnup.erasure import drives
from turnup.erasure.drives import Unreadable
from turnup.flow import guard
from turnup.flow.job import Job
from turnup.flow.steps import identity
from turnup.flow.waiting import Waiting
from turnup.ports import Shell


def do(job: Job) -> Waiting[None]:
    """Compare nonce, serial number, MACs and drives with the seal; remember the host key. Nothing, where nothing is wiped."""
    guard.demand(job)
    if not guard.sealed(job.ports.records).seal.wipes:
        job.log.info("nothing is wiped: the waiver was approved")
        return
    yield from identity.do(job)
    shell = identity.shell_of(job)
    try:
        refuse_other_drives(job, present(job, shell))
    finally:
        shell.close()
    job.log.info("its %d drives are those that were sealed", len(job.server.sealed.drives if job.server.sealed else ()))


def present(job: Job, shell: Shell) -> set[tuple[str, int]]:
    """{(serial number, size)} of the drives that the machine shows."""
    try:
        seen = drives.read(identity.read(job, shell, *drives.LSBLK))
    except Unreadable as error:
        raise Conflict(f"{job.server.subject}: {error}", "look at the machine.", cause="drives-differ") from error
    return {one.drive.identity for one in seen}


def refuse_other_drives(job: Job, there: set[tuple[str, int]]) -> None:
    """Conflict: they are not exactly the sealed ones."""
    sealed = {drive.identity for drive in job.server.sealed.drives} if job.server.sealed else set()
    if there == sealed:
        return
    parts = [
        f"{what} {', '.join(f'{serial or "without serial number"} ({size} bytes)' for serial, size in sorted(those))}"
        for what, those in (("missing:", sealed - there), ("not sealed:", there - sealed))
        if those
    ]
    raise Conflict(
        f"{job.server.subject} has other drives than those that were sealed; {'; '.join(parts)}. Nothing was wiped.",
        "abort it, look at its drives, then start a new run.",
        cause="drives-differ",
    )
