"""What keeps servers from being sealed: the request itself, what could not be asked, and drives that no order can name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from turnup.domain.errors import Problem
from turnup.domain.plain_text import plain
from turnup.domain.planner import Removal
from turnup.domain.plans import ServerPlan
from turnup.domain.seals import NO_WIPE, WIPES
from turnup.domain.servers import Snapshot
from turnup.domain.surveys import SiteSurvey, Survey

SHORTEST_REASON = 10
"""Characters of the reason for taking a server out with what is on its drives."""


def of_request(snapshot: Snapshot, names: Sequence[str], asked: Removal) -> Iterator[Problem]:
    """What is wrong with what was asked for."""
    if not names:
        yield Problem(f"rack {plain(snapshot.rack)}", "no server is named, and no names never mean all of them.", "name them.")
    counts = Counter(name.casefold() for name in names)
    for name in sorted(name for name, count in counts.items() if count > 1):
        yield Problem(
            plain(name), f"is named {counts[name]} times; a list that repeats itself may lack another.", "name it once."
        )
    if asked.wipe not in WIPES:
        yield Problem("wipe", f"is {plain(asked.wipe)!r}.", f"choose one of {', '.join(WIPES)}.")
    if not asked.reason.strip():
        yield Problem("reason", "is empty.", "say why these servers leave.")
    elif asked.wipe == NO_WIPE and len(asked.reason.strip()) < SHORTEST_REASON:
        yield Problem("reason", "is too short for leaving data on drives.", "say why they are not wiped, and where they go.")
    if not asked.requesters:
        advice = "start the run with your own login, or add the NetBox user to decommission.people in the site's file."
        yield Problem("the run", "nobody knows who asked for it, so nobody can be kept from approving it.", advice)


def not_provable(part: ServerPlan, seen: Survey, wipe: str) -> Iterator[Problem]:
    """A server of which something is not known can be taken out, but it is never wiped, and never called so."""
    if wipe == NO_WIPE:
        return
    advice = f"mend it and start again; or take it out in a run of its own with wipe {NO_WIPE} and a written reason."
    missing = [
        what
        for what, known in (
            ("its BMC could not be asked", seen.bmc is not None),
            ("the running system could not be asked", seen.inside is not None),
            ("its minion does not answer", seen.minion),
        )
        if not known
    ]
    if missing:
        why = "; ".join(f"{what}: {plain(reason)}" for what, reason in sorted(seen.unknown.items()))
        yield Problem(part.subject, f"cannot be wiped and proven: {' and '.join(missing)}{f' ({why})' if why else ''}.", advice)
    elif seen.bmc is not None and seen.bmc.power != "On":
        yield Problem(part.subject, f"answers, and its BMC says that it is {plain(seen.bmc.power)}.", "find out which is wrong.")


def not_findable(part: ServerPlan) -> Iterator[Problem]:
    """A server that load balancers may have, and nobody could find there: it would be switched off while it serves."""
    if part.pool is not None and part.management.present is None:
        what = f"NetBox has no address of it on {part.management.interface}, so nobody can tell whether it serves in {part.pool}."
        yield Problem(part.subject, what, "enter its address in NetBox as its primary one, then start again.")


def of_drives(part: ServerPlan, seen: Survey, wipe: str) -> Iterator[Problem]:
    """What keeps the drives that are to be wiped from being named."""
    if wipe == NO_WIPE or seen.inside is None:
        return
    drives = seen.inside.drives
    if not drives:
        what = "the running system shows no drive, and an empty list never means all of them."
        yield Problem(part.subject, what, f"look what it has; without drives take it out with wipe {NO_WIPE} and a reason.")
    for drive in drives:
        if not drive.serial.strip() or drive.size <= 0:
            what = f"the drive {plain(str(drive))} has no serial number or no size, so no order can name it."
            yield Problem(part.subject, what, f"pull it; or take the server out with wipe {NO_WIPE} and a reason.")


def of_shared_drives(parts: Sequence[ServerPlan], seen: SiteSurvey, wipe: str) -> Iterator[Problem]:
    """Drives that are to be wiped and cannot be told apart by their serial numbers."""
    if wipe == NO_WIPE:
        return
    holders: dict[str, list[str]] = {}
    for part in parts:
        inside = seen.of(part.name).inside
        for drive in inside.drives if inside else ():
            if drive.serial.strip():
                holders.setdefault(drive.serial.strip().casefold(), []).append(part.name)
    for serial, names in sorted(holders.items()):
        if len(names) > 1:
            yield Problem(
                ", ".join(sorted(set(names))), f"{len(names)} drives have the serial number {plain(serial)}.", "pull them."
            )
