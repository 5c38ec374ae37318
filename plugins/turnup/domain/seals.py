"""The seal: what a decommission may touch, fixed before anybody approves it. It is part of the plan, and covered by its hash.

A server or a drive that is not in it is not touched, and an empty list means that nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass

CLEAR, PURGE, NO_WIPE = "clear", "purge", "none"
WIPES = (CLEAR, PURGE, NO_WIPE)
"""How thoroughly drives are wiped, in the terms of NIST SP 800-88; `none` takes a server out with what is on its drives."""

UNWIPED_TAG = "turnup-unwiped"
"""NetBox's tag on a server that left with drives that are not proven to be wiped."""


@dataclass(frozen=True)
class SealedDrive:
    """One drive. Serial number and size (bytes) are what it is known by; model and slot are for whoever pulls it."""

    serial: str
    size: int
    model: str = ""
    slot: str = ""

    @property
    def identity(self) -> tuple[str, int]:
        """By what an order, a certificate and a machine name it."""
        return self.serial, self.size

    def __str__(self) -> str:
        return f"{self.serial or 'without serial number'} ({self.model or 'unknown model'}, {bytes_in_words(self.size)})"


@dataclass(frozen=True)
class SealedServer:
    """What is sealed of one server beside what its part of the plan says: its drives, and what was known of it.

    `proven` and `unproven` are sentences' ends for the approver: what agreed, and what could not be asked, with the reason.
    `has_bmc` and `answers`: whether BMC and system could be asked. `former_run` is the run that held it last; another one since
    means that it was installed anew. `image` is booted to wipe.
    """

    drives: tuple[SealedDrive, ...]
    image: str
    has_bmc: bool
    answers: bool
    host_key: str | None
    former_run: str | None
    tenant: str | None
    proven: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seal:
    """What is sealed of the whole run. Names of people are Airflow's user names.

    `approvers` may answer the first time, `second_approvers` the second, where `why_second` says that a second one is needed;
    nobody of `requesters` is among them. An approval counts for `valid_seconds`. `stays` are the rack's other servers.
    """

    wipe: str
    reason: str
    requesters: tuple[str, ...]
    approvers: tuple[str, ...]
    second_approvers: tuple[str, ...]
    why_second: tuple[str, ...]
    capacity: tuple[str, ...]
    stays: tuple[str, ...]
    at: str
    valid_seconds: int
    quarantine_days: int

    @property
    def wipes(self) -> bool:
        """Whether drives are wiped at all; else the approval is the waiver."""
        return self.wipe != NO_WIPE


def bytes_in_words(size: int) -> str:
    """A drive's size as its label has it: powers of a thousand."""
    number, units = float(size), iter(("kB", "MB", "GB", "TB", "PB"))
    unit = "B"
    while number >= 1000 and (larger := next(units, None)):
        number, unit = number / 1000, larger
    return f"{number:.3g} {unit}" if number < 100 else f"{number:.0f} {unit}"
