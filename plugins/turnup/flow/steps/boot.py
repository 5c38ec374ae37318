"""boot: switch the server on, into the image of the plan, with a one-time nonce; wait until SSH answers.

Every start gets a nonce of its own, kept with the run before the power is touched. So a second try knows whether the machine
that it finds running was started by this run; any other running machine is refused, never reset.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from turnup.domain.errors import Conflict, HardwareFault, Refused, Transient, TurnupError
from turnup.flow import diagnosis, hold, power
from turnup.flow.bmc_address import checked_address
from turnup.flow.bmc_trust import trusted_bmc
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import addresses
from turnup.flow.steps import plan as plan_step
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Bmc

ON, OFF = "On", "Off"


def do(job: Job) -> Waiting[None]:
    """Check, write the boot script, switch on, wait for SSH, take the boot script away again."""
    bmc = yield from trusted_bmc(job)
    state = bmc.system().power
    if state == OFF:
        yield from switch_on(job, bmc)
    elif nonce(job) is None:
        raise Refused(
            f"{job.server.subject} is {state}, and this run did not switch it on.",
            "make sure that nothing runs on it, switch it off, then clear this task. Install never resets a running server.",
            cause="power-already-on",
        )
    yield from come_up(job, bmc)
    take_script_away(job)
    job.log.info("booted %s, SSH answers at %s", job.server.image, addresses.management_ip(job))


def come_up(job: Job, bmc: Bmc) -> Waiting[None]:
    """Wait for SSH. A machine that never came up is switched off again: it serves nobody, and a resume starts it anew."""
    ip = addresses.management_ip(job)
    shell = job.ports.shell(ip)
    silent = HardwareFault(
        f"{job.server.subject} was switched on, and SSH does not answer at {ip}.",
        f"look at its console: did {job.server.management.interface} ({job.server.management.mac}) get a lease, "
        f"did it fetch {job.site.boot_url}/{job.server.management.mac}.ipxe and the image {job.server.image}?",
        cause="ssh-silent",
    )
    never = Wait(f"SSH to answer at {ip}", job.site.timeouts.ssh_answers, silent)
    try:
        yield from until(lambda: shell.answers() or None, never)
    except HardwareFault as error:
        if error.cause != silent.cause:
            raise
        seen = diagnosis.silent_server(job, error)
        _switch_off_again(job, bmc)
        raise seen from error
    finally:
        shell.close()


def _switch_off_again(job: Job, bmc: Bmc) -> None:
    """Undo this run's own start, if the server is this run's yet, and no hold came: an abort may have taken it over.

    What goes wrong here must not hide why the machine did not come up.
    """
    try:
        _held_version(job)
        hold.refuse(job.ports.inventory, job.plan.site)
        bmc.power_off()
        if bmc.system().power == OFF:
            keep(job, "boot", {"nonce": None})
            job.log.info("switched off again")
    except TurnupError as error:
        job.log.warning("stays on: %s", error)


def _held_version(job: Job) -> str:
    """The server's version in NetBox now. Conflict: this run does not hold it any more, so it is not powered."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim != job.run.claim:
        holder = f"held by {now.claim}" if now.claim else "held by no run"
        raise Conflict(
            f"{job.server.subject} is {now.status} and {holder}, not by this run.", "start a new run.", cause="claim-lost"
        )
    return now.version


def switch_on(job: Job, bmc: Bmc, ask: Callable[[], object] = lambda: None) -> Waiting[None]:
    """Write the boot script and switch on when it is the server's turn; the effect counts, not the answer.

    `ask` refuses where the server may not be switched on any more: its turn may be long in coming.
    """
    _take_former_scripts_away(job)
    yield from power.turn(job)
    ask()
    version = _held_version(job)
    given = _unused_nonce(job) or secrets.token_hex(16)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    started = {"nonce": given, "serial": job.server.serial, "image": job.server.image, "at": at, "version": version}
    keep(job, "boot", started)
    job.ports.boot_files.write(job.server.management.mac, script(job, given))
    bmc.boot_from_network_once()
    bmc.power_on()
    stays_off = HardwareFault(
        f"{job.server.subject}: the BMC took the order to switch on, and the server stays off.",
        "look at the power supplies and the BMC's event log.",
        cause="power-stays-off",
    )
    comes_on = until(
        lambda: True if bmc.system().power == ON else None, Wait("the power to be on", job.site.timeouts.power, stays_off)
    )
    yield from diagnosis.explained(job, comes_on)
    job.log.info("switched on")


def _unused_nonce(job: Job) -> str | None:
    """The nonce of a former try whose boot script is still there: the machine may be fetching it at this moment."""
    given = nonce(job)
    served = job.ports.boot_files.read(job.server.management.mac)
    return given if given and served and f"{given} " in served and f"/{job.server.image}/" in served else None


def nonce(job: Job) -> str | None:
    """The nonce of this run's latest start of the server; None where it did not start it, or has switched it off again.

    A board that was replaced since is another machine, which this run did not start.
    """
    kept = latest(job, "boot") or {}
    given = kept.get("nonce") if kept.get("serial", job.server.serial) == job.server.serial else None
    return str(given) if given else None


def script(job: Job, given: str) -> str:
    """The iPXE script of this start. It carries the nonce and names, and no secret."""
    image = f"{job.site.images_url}/{job.server.image}"
    arguments = (
        f"{job.server.kernel_arguments} turnup.nonce={given} turnup.hostname={job.server.hostname} "
        f"turnup.minion_id={job.server.hostname} turnup.salt_master={job.site.salt_master}{_address(job)}"
    ).strip()
    return f"#!ipxe\nkernel {image}/vmlinuz {arguments}\ninitrd {image}/initrd.img\nboot\n"


def _address(job: Job) -> str:
    """At a site without IPv4 no DHCP gives the booted system its address: the image takes it from the kernel's command line."""
    return f" turnup.address={addresses.of_management(job)[0]}" if job.server.management.version == 6 else ""


def take_script_away(job: Job) -> None:
    """Serve this run's boot script no more; another run's stays."""
    if _unused_nonce(job) is not None:
        job.ports.boot_files.remove(job.server.management.mac)


def _take_former_scripts_away(job: Job) -> None:
    """Of ports that were replaced since this run wrote a script for them."""
    for part in plan_step.former_parts(job.ports.records, job.server.name):
        if part.management.mac != job.server.management.mac:
            job.ports.boot_files.remove(part.management.mac)


def undo(job: Job) -> None:
    """Take the boot script away and switch off what this run switched on."""
    take_script_away(job)
    _take_former_scripts_away(job)
    certificate = job.server.bmc_certificate or (latest(job, "bmc") or {}).get("certificate")
    if nonce(job) is None or certificate is None:
        return
    _held_version(job)
    bmc = job.ports.bmc(checked_address(job))
    bmc.trust(str(certificate))
    system = bmc.system()
    if system.serial == job.server.serial and system.power != OFF:
        bmc.power_off()
        if bmc.system().power != OFF:
            raise Transient(
                f"{job.server.subject} was told to switch off and is on yet.",
                "look at its BMC if this stays so.",
                cause="power-stays-on",
            )
    keep(job, "boot", {"nonce": None})
