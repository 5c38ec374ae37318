"""ata_secure_erase: SECURITY ERASE UNIT by `hdparm`, in enhanced mode where the drive has it.

Enhanced on a magnetic disk counts as Purge (NIST SP 800-88 Rev. 1, table A-5; Rev. 2 leaves techniques to IEEE 2883). On flash,
and in normal mode, it counts as Clear: Rev. 1 says that data may remain in cells that were rotated out of use.

It takes a password first, and a drive whose erase is broken off stays locked with it: `turnup`. hdparm ends with 0 also when the
drive refused everything (its errors are lines of SG_IO), and QEMU's drive then keeps the data: neither counts as an end.
"""

from __future__ import annotations

from collections.abc import Sequence

from turnup.erasure.capabilities import Capabilities, hdparm
from turnup.erasure.drives import Drive, Transport, Unreadable
from turnup.erasure.levels import Level
from turnup.erasure.methods.kind import Command, Expected, Method, Progress, Ran, bad_exit, path

PASSWORD = "turnup"  # noqa: S105 -- no secret: it is to be found here by whoever meets a drive that was left locked
_ERRORS = ("SG_IO:", "failed", "Input/output error", "Permission denied", "not permitted")
_PATIENCE = 3  # times the drive's own estimate


def why_not(drive: Drive, capabilities: Capabilities) -> str:
    """Offered where `hdparm -I` says so, and nothing locked the feature before us."""
    ata = capabilities.ata
    reasons = (
        (drive.transport is not Transport.ATA, "it is no ATA drive"),
        (not ata.supported, "it has no ATA security feature set"),
        (ata.frozen, "its security is frozen: the firmware did that at power-on; taking the drive out and in again ends it"),
        (ata.enabled and not ata.locked, "a password is set on it"),
    )
    return next((reason for is_so, reason in reasons if is_so), capabilities.why_no_writes)


def level(drive: Drive, capabilities: Capabilities) -> Level:
    """Purge of a magnetic disk in enhanced mode, else Clear."""
    return Level.PURGE if capabilities.ata.enhanced and drive.rotational else Level.CLEAR


def commands(drive: Drive, capabilities: Capabilities) -> tuple[Command, ...]:
    """Set the password, then erase with it, which takes it off again."""
    erase = "--security-erase-enhanced" if capabilities.ata.enhanced else "--security-erase"
    user = ("hdparm", "--user-master", "u")
    return (
        Command((*user, "--security-set-pass", PASSWORD, path(drive)), erases=False),
        Command((*user, erase, PASSWORD, path(drive))),
    )


def after(drive: Drive) -> tuple[str, ...]:
    """Its state when all is over."""
    return ("hdparm", "-I", path(drive))


def progress(printed: str, drive: Drive) -> Progress:  # noqa: ARG001
    """It tells nothing until it is over."""
    return Progress(None)


def why_failed(drive: Drive, runs: Sequence[Ran], watched: str) -> str:  # noqa: ARG001
    """No command printed an error, and the drive has its security back as it was: supported, and not enabled."""
    if failed := bad_exit(runs):
        return failed
    for ran in runs:
        for line in (ran.stderr + "\n" + ran.stdout).splitlines():
            if any(error in line for error in _ERRORS):
                return f"hdparm ended with 0 and printed: {' '.join(line.split())[:200]}"
    try:
        now = hdparm(watched)
    except Unreadable as error:
        return str(error)
    if not now.supported:
        return "the drive says now that it has no ATA security feature set"
    if now.enabled or now.locked:
        return f"the password {PASSWORD!r} is still set on the drive: the erase was not done"
    return ""


def seconds(drive: Drive, capabilities: Capabilities) -> int:  # noqa: ARG001
    """Its own estimate, with patience."""
    ata = capabilities.ata
    return _PATIENCE * 60 * (ata.minutes_enhanced if ata.enhanced else ata.minutes)


METHOD = Method(
    technique="ATA SECURITY ERASE UNIT",
    preference=3,
    why_not=why_not,
    level=level,
    commands=commands,
    progress=progress,
    why_failed=why_failed,
    unproven="that the drive erased anything: its exit code and its messages were seen to be in order with all data in place",
    expected=Expected.CHANGED,
    tells_progress=False,
    after=after,
    seconds=seconds,
    tools=(("hdparm", "-V"),),
)
