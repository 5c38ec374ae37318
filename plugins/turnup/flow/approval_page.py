"""A seal as its approver sees it in Airflow: what is destroyed, what stays, what cannot be undone. Markdown, on one screen.

Everything in it is data, whoever wrote it: names, models and reasons are shown as they are and do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from turnup.domain.plain_text import plain
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.seals import NO_WIPE, Seal, SealedDrive, bytes_in_words
from turnup.flow import journal

KEPT = 40
"""How many of the servers that stay are named."""

NOTHING = "\N{EN DASH}"


def subject(plan: Plan, seal: Seal, sha256: str) -> str:
    """The question in one line, with count, rack and what becomes of the drives."""
    drives = sum(len(_drives(server)) for server in plan.servers)
    what = f"{len(plan.servers)} server{_s(len(plan.servers))} of rack {plain(plan.rack)}, site {plan.site}"
    if seal.wipe == NO_WIPE:
        return f"Take out {what}, {drives} drive{_s(drives)} NOT wiped? Seal {sha256[:12]}"
    return f"Destroy {drives} drive{_s(drives)} of {what}? Seal {sha256[:12]}"


def body(plan: Plan, seal: Seal, sha256: str) -> str:
    """The page. `sha256` is the seal's, which the answer is bound to."""
    return "\n".join(_lines(plan, seal, sha256))


def _lines(plan: Plan, seal: Seal, sha256: str) -> Iterator[str]:
    every = len(plan.servers) + len(seal.stays)
    yield f"**{len(plan.servers)} of {every}** devices of rack **{_text(plan.rack)}** leave for good."
    yield f"Asked for by **{_text(', '.join(seal.requesters))}**: {_text(seal.reason)}"
    yield ""
    yield from _destroyed(plan, seal)
    yield ""
    yield from _table(plan.servers)
    yield ""
    yield f"- **Stays, untouched: {len(seal.stays)}.** {_stays(seal)}"
    for words in seal.capacity:
        yield f"- **Capacity afterwards:** {_text(words)}"
    yield "- Capacity is counted again when they are claimed, and before each leaves its pool, one at a time."
    yield from _irreversible(seal)
    yield from _checked(plan.servers)
    yield ""
    yield from _people(seal, sha256)


def _destroyed(plan: Plan, seal: Seal) -> Iterator[str]:
    drives = [drive for server in plan.servers for drive in _drives(server)]
    size = bytes_in_words(sum(drive.size for drive in drives))
    known = f"{len(drives)} drive{_s(len(drives))}, {size}"
    if seal.wipe == NO_WIPE:
        yield f"### NOT WIPED: {known}, leave with all that is on them"
        yield "The servers become `offline`, tagged `turnup-unwiped`; their drives are to be pulled and shredded."
    else:
        yield f"### DESTROYED: everything on {known}"
        yield (
            f"Method: **{seal.wipe}** (NIST SP 800-88), by what each drive offers for it once asked inside, never by less. "
            "A drive that is not proven to be wiped is to be pulled and shredded."
        )


def _table(servers: Sequence[ServerPlan]) -> Iterator[str]:
    """One line a drive; the server stands in the first of its own."""
    yield "| U | Server | Serial | Role | Drive serial | Size | Model | Slot |"
    yield "|---|---|---|---|---|---|---|---|"
    for server in servers:
        unit = NOTHING if server.position is None else f"U{server.position:g}"
        who = [f"**{unit}**", f"**{_cell(server.name)}**", _cell(server.serial), _cell(server.role)]
        for drive in _drives(server) or (None,):
            yield _row(*who, *_drive(drive))
            who = [""] * len(who)


def _drive(drive: SealedDrive | None) -> Sequence[str]:
    if drive is None:
        return ("**not known**", NOTHING, NOTHING, NOTHING)
    serial = _cell(drive.serial) or "without serial number"
    return (serial, bytes_in_words(drive.size), _cell(drive.model) or NOTHING, _cell(drive.slot) or NOTHING)


def _checked(servers: Sequence[ServerPlan]) -> Iterator[str]:
    """Who says that these are the servers: those of whom the same is known share a line; what could not be asked stands out."""
    alike: dict[str, list[str]] = {}
    for server in servers:
        sealed = server.sealed
        asked = (("BMC", sealed is not None and sealed.has_bmc), ("running system", sealed is not None and sealed.answers))
        alike.setdefault(" and ".join(who for who, answered in asked if answered), []).append(_text(server.name))
    for said_by, names in alike.items():
        if said_by:
            yield f"- **Who they are:** its {said_by} gave the serial number that NetBox has: {', '.join(names)}"
        else:
            yield f"- **Nobody could say who it is:** {', '.join(names)}"
    for server in servers:
        unproven = server.sealed.unproven if server.sealed else ()
        yield from (f"- {_text(server.name)}: **NOT PROVEN** {_text(text)}" for text in unproven)


def _stays(seal: Seal) -> str:
    if not seal.stays:
        return "Nothing else is in the rack."
    more = f", and {len(seal.stays) - KEPT} more" if len(seal.stays) > KEPT else ""
    return f"{', '.join(_text(one) for one in seal.stays[:KEPT])}{more}"


def _irreversible(seal: Seal) -> Iterator[str]:
    begun = "" if seal.wipe == NO_WIPE else "once the wipe of a server has begun, nothing brings it back; then "
    days = f"{seal.quarantine_days} day{_s(seal.quarantine_days)}"
    yield (
        f"- **Cannot be undone:** {begun}power off, Salt key deleted, DHCP reservations removed, addresses deprecated for {days}."
    )
    begins = "its release" if seal.wipe == NO_WIPE else "its wipe"
    yield f"- Until {begins} begins, *Abort servers* puts a server back into service."


def _people(seal: Seal, sha256: str) -> Iterator[str]:
    if seal.why_second:
        yield f"**Two people have to approve:** {'; '.join(map(_text, seal.why_second))}."
        yield ""
    first = f"May answer: {_text(', '.join(seal.approvers))}"
    second = f"; the second time: {_text(', '.join(seal.second_approvers))}" if seal.why_second else ""
    hours = f"{seal.valid_seconds / 3600:g} h"
    yield f"{first}{second}. No answer in {hours} means no. Seal `{sha256}`"


def _drives(server: ServerPlan) -> Sequence[SealedDrive]:
    return server.sealed.drives if server.sealed else ()


def _text(text: str) -> str:
    return journal.plain(plain(text, 500))


def _cell(text: str) -> str:
    """Text in a table: a bar would end its cell."""
    return _text(text).replace("|", "&#124;")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
