"""nvme_format: Format NVM with a secure erase setting: by key where the controller offers it, else of the user data. Purge.

NIST's Rev. 1 named it among the purges of NVMe drives; Rev. 2 leaves techniques to IEEE 2883. Sanitize is preferred where there
is one, for it reaches more; a site that does not accept a format leaves the method out of those that it chooses from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive, Transport, Unreadable
from turnup.erasure.levels import Level
from turnup.erasure.methods.kind import Command, Expected, Method, Progress, Ran, bad_exit, path

_USER_DATA, _CRYPTO = 1, 2  # SES
_SUCCESS = "Success formatting namespace"
_INDICATED = 0x80  # FPI: the namespace tells how much is left


def why_not(drive: Drive, capabilities: Capabilities) -> str:
    """Offered where Identify Controller (OACS) says so."""
    if drive.transport is not Transport.NVME:
        return "it is no NVMe drive"
    if not capabilities.nvme.format:
        return "its controller offers no Format NVM (OACS)"
    return capabilities.why_no_writes


def commands(drive: Drive, capabilities: Capabilities) -> tuple[Command, ...]:
    """The block format stays as it is."""
    ses = _CRYPTO if capabilities.nvme.format_crypto else _USER_DATA
    return (Command(("nvme", "format", path(drive), f"--ses={ses}", "--force")),)


def watch(drive: Drive) -> tuple[str, ...]:
    """Identify Namespace has the Format Progress Indicator."""
    return ("nvme", "id-ns", path(drive), "-o", "json")


def progress(printed: str, drive: Drive) -> Progress:  # noqa: ARG001
    """From `nvme id-ns -o json`; many drives do not tell."""
    try:
        fpi = int(json.loads(printed)["fpi"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"no Identify Namespace ({error!r}) in {printed[:200]!r}") from error
    return Progress((100 - min(100, fpi & 0x7F)) * 10 if fpi & _INDICATED else None)


def why_failed(drive: Drive, runs: Sequence[Ran], watched: str) -> str:  # noqa: ARG001
    """The command ends when the format does, and has to say so."""
    if failed := bad_exit(runs):
        return failed
    return "" if _SUCCESS in runs[-1].stdout else f"nvme format does not say that it succeeded: {runs[-1].stdout[:200]!r}"


METHOD = Method(
    technique="NVMe Format NVM with secure erase",
    preference=2,
    why_not=why_not,
    level=lambda drive, capabilities: Level.PURGE,  # noqa: ARG005
    commands=commands,
    progress=progress,
    why_failed=why_failed,
    unproven="what became of spare blocks and caches; a controller may take an erase setting that it does not offer",
    expected=Expected.CHANGED,
    tells_progress=False,
    watch=watch,
    tools=(("nvme", "version"),),
)
