"""salt_key: accept the minion's key, after reading it on the machine itself."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.flow import diagnosis
from turnup.flow.job import Job
from turnup.flow.steps import boot, identity
from turnup.flow.steps import plan as plan_step
from turnup.flow.waiting import Wait, Waiting, until

PUBLIC_KEY = "/etc/salt/pki/minion/minion.pub"


def do(job: Job) -> Waiting[None]:
    """Accept exactly this minion's key if it is the one on the machine, and wait until the minion answers."""
    yield from diagnosis.explained(job, _accept(job))


def _accept(job: Job) -> Waiting[None]:
    minion, salt, timeouts = job.server.hostname, job.ports.salt, job.site.timeouts
    on_machine = yield from until(
        lambda: _key_on_machine(job),
        Wait(
            "the minion to have a key",
            timeouts.minion_key,
            HardwareFault(
                f"{job.server.subject}: salt-minion has not started on it: there is no key at {PUBLIC_KEY}.",
                "look on it why salt-minion does not start (its console, its log), then clear this task.",
                cause="minion-key-missing",
            ),
        ),
    )
    accepted = salt.accepted_key(minion)
    if accepted not in (None, on_machine) and _board_was_replaced(job):
        salt.delete_key(minion)  # the former board's, which this run accepted
        accepted = None
    if accepted is None:
        offered = yield from until(
            lambda: salt.waiting_key(minion),
            Wait(
                f"the key of {minion} to reach the Salt master",
                timeouts.minion_key,
                HardwareFault(
                    f"{job.server.subject}: its minion {minion} does not reach the Salt master {job.site.salt_master}.",
                    "look at salt-minion's log on it, and at the ports 4505 and 4506 of the master.",
                    cause="salt-master-unreached",
                ),
            ),
        )
        _same(job, offered, on_machine, "offered to")
        salt.accept_key(minion)
        job.log.info("accepted the key %s of %s", on_machine[:16], minion)
    else:
        _same(job, accepted, on_machine, "accepted by")
    yield from until(
        lambda: salt.is_up(minion) or None,
        Wait(
            f"the minion {minion} to answer",
            timeouts.minion_start,
            HardwareFault(
                f"{job.server.subject}: the key of its minion {minion} is accepted, and it does not answer the master.",
                "look at salt-minion's log on it; restart salt-minion, then clear this task.",
                cause="minion-silent",
            ),
        ),
    )


def _board_was_replaced(job: Job) -> bool:
    """Whether this run began with another board of the same name."""
    parts = plan_step.former_parts(job.ports.records, job.server.name)
    return any(part.serial != job.server.serial for part in parts)


def _same(job: Job, on_master: str, on_machine: str, how: str) -> None:
    if on_master != on_machine:
        raise Refused(
            f"{job.server.subject}: the key {how} the Salt master as {job.server.hostname} ({on_master[:16]}) is not the one "
            f"on the machine ({on_machine[:16]}).",
            "another machine uses that minion id, or the key is from an earlier installation: find out which, delete the key "
            "on the master, then clear this task.",
            cause="salt-key-differs",
        )


def _key_on_machine(job: Job) -> str | None:
    """SHA-256 (hex) of the DER form of the minion's public key, read over SSH; None while there is none."""
    shell = identity.shell_of(job)
    try:
        completed = shell.run(("cat", PUBLIC_KEY), job.site.timeouts.network_call)
    finally:
        shell.close()
    return der_sha256(completed.stdout) if completed.exit_status == 0 else None


def der_sha256(pem: str) -> str:
    """SHA-256 (hex) of a PEM public key's DER form. Salt's own fingerprints differ between master and minion.

    Transient: that is no PEM key (the minion may be writing it just now).
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Transient(
            "The minion's public key file holds no PEM key.", "look at it on the machine.", cause="minion-key-unreadable"
        ) from error
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def undo(job: Job) -> None:
    """Delete the minion's key on the master; none is no error.

    The server is switched off first: a minion that runs would offer its key again, and it would wait on the master for ever.
    """
    boot.undo(job.at("boot"))
    job.ports.salt.delete_key(job.server.hostname)
