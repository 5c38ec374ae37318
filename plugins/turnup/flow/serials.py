"""Whose serial number is it? Asked where a machine shows another one than it should."""

from __future__ import annotations

from dataclasses import replace

from turnup.domain.errors import HardwareFault, TurnupError
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job


def check_bmc(job: Job, serial: str, ip: str) -> None:
    """HardwareFault: the BMC reports another serial number than the server's; the message names the server it belongs to."""
    keep(job, "bmc_serial", {"serial": serial})
    if serial == job.server.serial:
        return
    raise HardwareFault(
        f"{job.server.subject}: the BMC at {ip} reports the serial number {serial or 'empty'}{_belongs(job, serial)}.",
        "compare the labels with NetBox: serial number and BMC MAC belong to one machine. Put the BMC's cable or the MAC in "
        "NetBox right, for both servers where two are swapped, then clear this task.",
        cause="bmc-serial-differs",
    )


def known_as(job: Job, serial: str) -> str:
    """`, which is that of ...`, or nothing where nobody is known to have it."""
    whose = owner(job, serial)
    return f", which is that of {whose}" if whose else ""


def owner(job: Job, serial: str) -> str | None:
    """How to find the server of this serial number, `""` where there is none; None where NetBox could not be asked."""
    other = next((server for server in job.plan.servers if server.serial == serial), None)
    if other is not None:
        return other.subject
    if not serial:
        return ""
    try:
        return " and of ".join(job.ports.inventory.holders(serial))
    except TurnupError as error:
        job.log.info("whose serial number that is could not be asked: %s", error)
        return None


def _belongs(job: Job, serial: str) -> str:
    """To whom it belongs, and whether that server's BMC reports this one's in turn."""
    whose = owner(job, serial)
    if not whose:
        return ", which no device in NetBox has" if whose == "" else ""
    other = next((server for server in job.plan.servers if server.serial == serial), None)
    theirs = latest(replace(job, server=other), "bmc_serial") if other is not None else None
    swapped = (theirs or {}).get("serial") == job.server.serial
    in_turn = "the two are swapped, for its BMC reports this server's" if swapped else "the two may be swapped"
    return f", which is that of {whose}; {in_turn}"
