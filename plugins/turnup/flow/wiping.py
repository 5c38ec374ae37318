"""The order for one server's drives, and the talk with the programs of the acceptance image that carry it out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.domain.plans import Plan, ServerPlan
from turnup.erasure import capabilities, drives, orders
from turnup.erasure.choice import CannotDo, Choice, choose
from turnup.erasure.levels import Level
from turnup.erasure.methods import METHODS
from turnup.erasure.methods.kind import Expected
from turnup.erasure.ordering import NotSealed
from turnup.erasure.ordering import order as ordered
from turnup.erasure.orders import Order
from turnup.erasure.sealed_list import ListedDrive, ListedServer, SealedList
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job
from turnup.flow.steps import boot
from turnup.flow.steps.sealed_identity import refuse_other_drives
from turnup.flow.waiting import Wait, Waiting, until
from turnup.ports import Shell

WIPE, PROVE = "turnup-wipe", "turnup-prove"
ORDER, WIPED = "order", "wiped"
"""Kinds of documents: the order, and what the agent says of each drive at the end."""

EXPIRES, READ_BEFORE = timedelta(hours=1), timedelta(hours=36)
"""An order that was not begun by then is none; longer where drives have to be read before they are wiped."""

ANSWERS = 90.0
"""Seconds that the programs have to answer: they look at every drive first."""

NOTHING_FITS = "overwrite"
"""The method that is ordered for a drive which takes no writes at all: it is refused there, and the drive has its outcome."""


def listed(plan: Plan, run: str) -> SealedList:
    """The sealed list, as orders and certificates name it."""
    return SealedList(run, plan.site, tuple(_listed(part) for part in plan.servers))


def _listed(part: ServerPlan) -> ListedServer:
    sealed = part.sealed.drives if part.sealed else ()
    found = tuple(ListedDrive(drive.serial, drive.size, drive.model) for drive in sealed)
    return ListedServer(part.name, part.serial, part.asset_tag, part.rack, unit(part), found)


def unit(part: ServerPlan) -> str:
    """Its place in the rack, in words."""
    return "no position" if part.position is None else f"U{part.position:g}"


def ask(job: Job, shell: Shell, *command: str) -> dict[str, Any]:
    """What a program answers. Refused: it refuses, with every reason. Transient: it did not answer in its form."""
    done = shell.run(command, max(ANSWERS, job.site.timeouts.network_call))
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = None
    if done.exit_status == 0 and isinstance(found, dict):
        return found
    if isinstance(found, dict) and found.get("refused"):
        reasons = "\n".join(f"  - {reason}" for reason in found["refused"])
        raise Refused(
            f"{job.server.subject} refuses: {len(found['refused'])} reason(s), nothing was touched:\n{reasons}",
            "mend them, then clear its task reset with what follows.",
            cause="wipe-refused",
        )
    said = (done.stderr or done.stdout).strip()[-300:]
    raise Transient(
        f"{job.server.subject}: {' '.join(command[:2])} ended with {done.exit_status}: {said}",
        "log in and try it by hand; the image may lack it.",
        cause="command-failed",
    )


def current_order(job: Job) -> tuple[Order, str] | None:
    """The order that was made for this boot of the server, and its signed text; None: there is none yet."""
    kept = latest(job, ORDER)
    nonce = boot.nonce(job)
    if kept is None or nonce is None or kept["nonce"] != nonce:
        return None
    return orders.read(json.loads(kept["signed"])["document"]), str(kept["signed"])


def new_order(job: Job, sealed: SealedList, level: str, inventory: Mapping[str, Any]) -> Order:
    """Make, sign and keep the order for exactly the sealed drives, of what each of them offers as the agent sees it.

    Conflict: there are other drives. Refused: one offers only something weaker than what was asked.
    """
    asked, nonce = Level(level), boot.nonce(job) or ""
    found = [(drives.from_document(_drive(one)), capabilities.from_document(one["capabilities"])) for one in inventory["drives"]]
    refuse_other_drives(job, {drive.identity for drive, _ in found})
    chosen = [choose(drive, offers, asked) for drive, offers in found]
    weaker = [one for one in chosen if isinstance(one, CannotDo) and one.weaker_option]
    if weaker:
        raise _not_offered(job, asked, weaker)
    choices = [one if isinstance(one, Choice) else Choice(one.drive, NOTHING_FITS, asked, one.why) for one in chosen]
    now = datetime.now(UTC)
    expires = now + (READ_BEFORE if any(METHODS[one.method].expected is Expected.CHANGED for one in choices) else EXPIRES)
    try:
        order = ordered(
            sealed,
            job.server.serial,
            choices,
            hostname=job.server.hostname,
            nonce=nonce,
            issued=now.isoformat(timespec="seconds"),
            expires=expires.isoformat(timespec="seconds"),
        )
    except NotSealed as error:
        raise Refused(f"{job.server.subject}: {error}", "abort it, then start a new run.", cause="seal-broken") from error
    signed = job.ports.signer.sign(orders.KIND, order.document())
    keep(job, ORDER, {"nonce": nonce, "sha256": order.sha256, "signed": signed.decode()})
    for one in order.drives:
        job.log.info("drive %s: %s (%s)", one.serial, one.method, one.level)
    return order


def _drive(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name not in ("used_by", "capabilities")}


def _not_offered(job: Job, asked: Level, weaker: Sequence[CannotDo]) -> Refused:
    lines = "\n".join(
        f"  - {one.drive.serial}: {one.why}; it offers {one.weaker_option.level} by {one.weaker_option.technique}"
        for one in weaker
        if one.weaker_option
    )
    what = f"{len(weaker)} drive(s) offer nothing that reaches {asked}, and nothing weaker was approved"
    return Refused(
        f"{job.server.subject}: {what}:\n{lines}",
        f"abort it, then start a run with wipe {weaker[0].weaker_option.level if weaker[0].weaker_option else 'none'}.",
        cause="wipe-not-offered",
    )


def status_of(document: Mapping[str, Any], order: Order) -> Mapping[str, Any] | None:
    """What a program's status says of this order; None: it does not know it."""
    return next((one for one in document.get("orders", ()) if one.get("order") == order.sha256), None)


def contact(job: Job, shell: Shell, *command: str, number: int = 0) -> Waiting[dict[str, Any]]:
    """What a program answers. HardwareFault: the machine does not answer for as long as a boot may take.

    `number` tells contacts of one row apart, for each has its own patience.
    """
    lost = HardwareFault(
        f"{job.server.subject} does not answer any more while its drives are at work; what they hold is not known.",
        "bring it back and clear its task reset with what follows; if that cannot be, clear this task alone.",
        cause="server-lost",
    )
    wait = Wait(f"{command[0]} to answer (contact {number})", job.site.timeouts.ssh_answers, lost)
    return (yield from until(lambda: ask(job, shell, *command), wait))


def progress(status: Mapping[str, Any]) -> str:
    """How far it is, in words."""
    left = status.get("seconds_left")
    minutes = f", about {max(1, round(left / 60))} min left" if isinstance(left, int | float) else ""
    return f"{int(status.get('permille') or 0) / 10:.0f} %{minutes}"
