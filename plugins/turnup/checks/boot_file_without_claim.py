"""A boot script is served to a server that no run holds."""

from __future__ import annotations

from collections.abc import Iterator

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Source
from turnup.domain.findings import Fix, Severity


def look(facts: Facts) -> Iterator[Seen]:
    """Each script of a MAC whose device is held by nobody, or that is nobody's."""
    for mac in sorted(facts.boot_macs):
        owner = facts.macs.get(mac)
        if owner is None and mac in facts.elsewhere:
            continue  # its own site's business
        if owner is not None and owner[0].server.claim:
            continue
        device = owner[0] if owner else None
        whose = f"{device.name}, which is {device.server.status} and held by no run" if device else "no device of the site"
        fix = Fix(f"remove the boot script of {mac}", "remove_boot_file", {"mac": mac}, device.server.id if device else None)
        yield Seen(mac, f"A boot script is served to it; the MAC is that of {whose}.", device.rack if device else "", fix)


CHECK = Check(
    area="Status",
    title="A boot script is served that no run needs",
    severity=Severity.CRITICAL,
    needs=(Source.NETBOX, Source.BOOT, Source.OWNERS),
    look=look,
    why="At its next start from the network that server boots an image instead of its disk.",
    advice="remove it: name this check in the audit's *fix*.",
    steps="1. Name this check in the audit's *fix*; what the script said is kept with the audit, and *undo* puts it back.\n"
    "2. If it comes back, find out who else writes to the boot folder.",
    fixes=True,
)
