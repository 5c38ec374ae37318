"""identity: the machine that answers is the machine that was powered, and it is the one that NetBox means."""

from __future__ import annotations

import json

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.flow import serials
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses
from turnup.flow.waiting import Waiting
from turnup.ports import Shell

NONCE = "turnup.nonce="


def do(job: Job) -> Waiting[None]:
    """Compare nonce, serial number and MACs from inside; then remember the SSH host key for the rest of the run."""
    ip = addresses.management_ip(job)
    shell = job.ports.shell(ip)
    try:
        _check_nonce(job, shell, ip)
        check_serial(job, shell, ip)
        check_macs(job, shell)
        remember(job, shell)
    finally:
        shell.close()
    job.log.info("nonce, serial number and MACs are right")
    return
    yield


def has_nonce(job: Job, shell: Shell) -> bool:
    """Whether the machine was booted by this run's latest start of the server."""
    expected = (latest(job, "boot") or {}).get("nonce")
    return expected is not None and _nonce(job, shell) == expected


def _nonce(job: Job, shell: Shell) -> str | None:
    arguments = read(job, shell, "cat", "/proc/cmdline").split()
    return next((word.removeprefix(NONCE) for word in arguments if word.startswith(NONCE)), None)


def _check_nonce(job: Job, shell: Shell, ip: str) -> None:
    expected = (latest(job, "boot") or {}).get("nonce")
    given = _nonce(job, shell)
    if expected is None or given != expected:
        seen = "another nonce" if given else "no nonce"
        raise HardwareFault(
            f"{job.server.subject}: the machine at {ip} came up with {seen} on its kernel command line, "
            "the mark of this run's boot script: it booted from something else.",
            "set it to boot from the network first; if it is, another machine may have that address. "
            "Switch it off, then clear its task boot.",
            cause="nonce-differs",
        )


def check_serial(job: Job, shell: Shell, ip: str) -> None:
    """HardwareFault: from inside, the machine has another serial number than NetBox says."""
    serial = read(job, shell, "dmidecode", "-s", "system-serial-number").strip()
    if serial != job.server.serial:
        raise HardwareFault(
            f"{job.server.subject}: the machine at {ip} says from inside (DMI) that its serial number is "
            f"{serial or 'empty'}{serials.known_as(job, serial)}.",
            "read its label: the board was swapped or never programmed. Correct the serial number on the machine or in NetBox, "
            "switch it off, then clear its task boot.",
            cause="dmi-serial-differs",
        )


def macs(job: Job, shell: Shell) -> set[str]:
    """Those of every NIC that the machine has, loopback and the like included."""
    printed = read(job, shell, "ip", "-json", "link", "show")
    try:
        return {str(link.get("address", "")).lower() for link in json.loads(printed)}
    except (ValueError, AttributeError) as error:
        raise Transient(
            f"{job.server.subject}: ip printed no JSON: {printed[:100]!r}", "log in and try it by hand.", cause="command-failed"
        ) from error


def check_macs(job: Job, shell: Shell) -> None:
    """HardwareFault: a MAC that NetBox gives the server is on none of its NICs."""
    present = macs(job, shell)
    missing = sorted(set(job.server.macs) - present)
    if missing:
        shown = ", ".join(sorted(present - {"", "00:00:00:00:00:00"})) or "none"
        raise HardwareFault(
            f"{job.server.subject}: no NIC has the MAC {', '.join(missing)} that NetBox gives it; it has {shown}.",
            "a NIC was swapped or is missing: correct the MAC in NetBox, then start a new run.",
            cause="nic-mac-differs",
        )


def read(job: Job, shell: Shell, *command: str) -> str:
    """What a command prints. Transient: it failed."""
    completed = shell.run(command, job.site.timeouts.network_call)
    if completed.exit_status != 0:
        raise Transient(
            f"{job.server.subject}: {' '.join(command)} ended with {completed.exit_status}: {completed.stderr.strip()[:200]}",
            "log in and try it by hand; the image may lack the tool.",
            cause="command-failed",
        )
    return completed.stdout


def remember(job: Job, shell: Shell) -> None:
    """Keep whose identity was proven, and the host key by which it is known for the rest of the run."""
    keep(job, "identity", {"host_key": shell.host_key(), "serial": job.server.serial, "macs": sorted(job.server.macs)})


def proven_host_key(job: Job) -> str:
    """The host key of the machine whose identity was proven in this run. Refused: it was not, for what the plan says now."""
    proven = latest(job, "identity") or {}
    if (proven.get("serial"), proven.get("macs")) != (job.server.serial, sorted(job.server.macs)):
        raise Refused(
            f"{job.server.subject}: its identity is not proven in this run"
            f"{', for it was planned again since' if proven else ''}.",
            "clear its task identity and those after it; the task boot and those after it, if the machine was off since.",
            cause="identity-unproven",
        )
    return str(proven["host_key"])


def shell_of(job: Job) -> Shell:
    """A shell on the machine whose identity was proven in this run, by its host key."""
    return job.ports.shell(addresses.management_ip(job), proven_host_key(job))
