"""A seal as a person reads it before saying yes: what is destroyed, what stays, what cannot be undone, on one screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.domain.plain_text import plain
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.seals import NO_WIPE, Seal, bytes_in_words

KEPT = 12
"""How many of the servers that stay are named."""


def seal_text(plan: Plan) -> str:
    """The seal as plain text."""
    return "\n".join(_lines(plan, plan.seal)) if plan.seal is not None else ""


def _lines(plan: Plan, seal: Seal) -> Iterator[str]:
    leave, every = len(plan.servers), len(plan.servers) + len(seal.stays)
    yield f"{leave} of {every} devices of rack {plain(plan.rack)}, site {plan.site}, leave for good. Seal {plan.sha256[:12]}"
    yield f"Asked for by {', '.join(seal.requesters)}: {seal.reason}"
    yield ""
    yield from _destroyed(plan, seal)
    for server in plan.servers:
        yield from _server(server, seal)
    yield ""
    yield f"STAYS, untouched: {_stays(seal)}"
    yield ""
    for words in seal.capacity:
        yield f"AFTERWARDS: {words}"
    yield "Counted again when they are claimed, and before each leaves its pool, one at a time."
    yield ""
    yield from _irreversible(seal)
    for why in seal.why_second:
        yield f"TWO PEOPLE have to approve: {why}."


def _destroyed(plan: Plan, seal: Seal) -> Iterator[str]:
    drives = [drive for server in plan.servers if server.sealed for drive in server.sealed.drives]
    size = bytes_in_words(sum(drive.size for drive in drives))
    if seal.wipe == NO_WIPE:
        yield f"NOTHING IS WIPED. These leave with all that is on their drives ({len(drives)} known, {size}), as offline, tagged"
        yield "as unwiped; their drives are to be pulled and shredded:"
    else:
        yield f"DESTROYED ({seal.wipe}, NIST SP 800-88): everything on {len(drives)} drives, {size}, of these servers alone:"


def _server(server: ServerPlan, seal: Seal) -> Iterator[str]:
    unit = "no position" if server.position is None else f"U{server.position:g}"
    yield f"  {unit:<5} {server.name}  serial {server.serial}  role {server.role}  {server.hostname}"
    sealed = server.sealed
    if sealed is None:
        return
    for drive in sealed.drives:
        slot = f"  slot {plain(drive.slot)}" if drive.slot else ""
        name = plain(drive.serial) or "without serial number"
        yield f"          {name}  {bytes_in_words(drive.size)}  {plain(drive.model)}{slot}"
    if not sealed.drives:
        yield "          its drives are not known"
    for text in sealed.proven:
        yield f"        proven: {text}"
    for text in sealed.unproven:
        yield f"        NOT PROVEN: {text}"
    if sealed.host_key is not None and seal.wipe != NO_WIPE:
        yield f"        SSH host key {sealed.host_key}"


def _stays(seal: Seal) -> str:
    if not seal.stays:
        return "nothing else is in the rack"
    more = f", and {len(seal.stays) - KEPT} more" if len(seal.stays) > KEPT else ""
    return f"{len(seal.stays)}: {', '.join(seal.stays[:KEPT])}{more}"


def _irreversible(seal: Seal) -> Iterator[str]:
    after = "" if seal.wipe == NO_WIPE else "once its wipe has begun, nothing brings a server back; "
    yield f"CANNOT BE UNDONE: {after}then power off, Salt key deleted, DHCP reservations removed, addresses deprecated for"
    begins = "its release" if seal.wipe == NO_WIPE else "its wipe"
    yield f"{seal.quarantine_days} days. Until {begins} begins, server_abort puts a server back into service."
