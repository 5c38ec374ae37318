"""nvme_sanitize: the controller's Sanitize operation, for all its namespaces, its caches and what it never shows. Purge.

The command only starts it: the controller works on by itself, over restarts too, and its Sanitize Status log says how far it is.
A log that says "completed successfully" may speak of an earlier operation: it counts only after the command was taken, and for
the operation that was asked for. QEMU and many drives have no Sanitize and answer Invalid Command Opcode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from turnup.erasure.capabilities import BLOCK_ERASE, CRYPTO_ERASE, OVERWRITE, Capabilities
from turnup.erasure.drives import Drive, Transport, Unreadable
from turnup.erasure.levels import Level
from turnup.erasure.methods.kind import Command, Expected, Method, Progress, Ran, bad_exit

_ACTIONS = {BLOCK_ERASE: 2, CRYPTO_ERASE: 4, OVERWRITE: 3}  # SANACT, in the order in which they are preferred
_NAMES = {2: "block erase", 3: "overwrite", 4: "crypto erase"}
_DONE, _GOING_ON, _DONE_DEALLOCATED = 1, 2, 4  # SSTAT, bits 0 to 2
_WHOLE = 65535  # SPROG of an operation that is over


@dataclass(frozen=True)
class Log:
    """The Sanitize Status log: `action` is the operation that it speaks of."""

    status: int
    permille: int
    action: int


def controller(drive: Drive) -> str:
    """The controller's device, of the namespace's: nvme0 of nvme0n1."""
    return f"/dev/{re.sub(r'n[0-9]+$', '', drive.device)}"


def action(capabilities: Capabilities) -> int:
    """The SANACT that is asked for; 0 where the controller has none."""
    return next((number for bit, number in _ACTIONS.items() if capabilities.nvme.sanitize & bit), 0)


def why_not(drive: Drive, capabilities: Capabilities) -> str:
    """Offered where Identify Controller (SANICAP) says so. It reaches all namespaces; two would have one serial number."""
    if drive.transport is not Transport.NVME:
        return "it is no NVMe drive"
    if not action(capabilities):
        return "its controller offers no Sanitize (SANICAP)"
    return capabilities.why_no_writes


def commands(drive: Drive, capabilities: Capabilities) -> tuple[Command, ...]:
    """Without Unrestricted Sanitize Exit: a drive that fails half way shows no data any more."""
    return (Command(("nvme", "sanitize", controller(drive), f"--sanact={action(capabilities)}")),)


def watch(drive: Drive) -> tuple[str, ...]:
    """The log, while it works."""
    return ("nvme", "sanitize-log", controller(drive), "-o", "json")


def log(printed: str) -> Log:
    """From `nvme sanitize-log -o json`: below the device's name, or not; the status as a number, or as "(1) Most Recent ..."."""
    try:
        found: Mapping[str, Any] = json.loads(printed)
        if "sprog" not in found:
            (found,) = found.values()
        return Log(_status(found["sstat"]), int(found["sprog"]) * 1000 // _WHOLE, int(found["cdw10_info"]) & 7)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"no Sanitize Status log ({error!r}) in {printed[:200]!r}") from error


def _status(value: object) -> int:
    if isinstance(value, Mapping):  # nvme-cli 2.3 has the status under a key that is its own text
        told = [re.match(r"\((\d)\)", text) for text in value.values() if isinstance(text, str)]
        (number,) = [int(one.group(1)) for one in told if one]
        return number
    return int(str(value), 0) & 7


def progress(printed: str, drive: Drive) -> Progress:  # noqa: ARG001
    """From the log."""
    now = log(printed)
    return Progress(1000 if now.status in (_DONE, _DONE_DEALLOCATED) else now.permille, going_on=now.status == _GOING_ON)


def why_failed(drive: Drive, runs: Sequence[Ran], watched: str) -> str:  # noqa: ARG001
    """The command has to be taken, and the log to say that this operation completed."""
    if failed := bad_exit(runs):
        return failed
    try:
        ended = log(watched)
    except Unreadable as error:
        return str(error)
    asked = int(runs[-1].argv[-1].removeprefix("--sanact="))
    if ended.action != asked:
        return f"the log speaks of {_NAMES.get(ended.action, ended.action)}, asked was {_NAMES.get(asked, asked)}"
    return "" if ended.status in (_DONE, _DONE_DEALLOCATED) else f"the Sanitize Status log ends with status {ended.status}"


METHOD = Method(
    technique="NVMe Sanitize",
    preference=1,
    why_not=why_not,
    level=lambda drive, capabilities: Level.PURGE,  # noqa: ARG005
    commands=commands,
    progress=progress,
    why_failed=why_failed,
    unproven="that the controller did what it reports: what it keeps outside its address range cannot be read back",
    expected=Expected.CHANGED,
    watch=watch,
    tools=(("nvme", "version"),),
)
