"""Whether everybody who knows a server says the same of it: NetBox, its BMC, and the running system. Pure.

Who says what is in the words, because that is what an engineer compares with the label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from turnup.domain.errors import Problem
from turnup.domain.plain_text import plain
from turnup.domain.plans import ServerPlan
from turnup.domain.servers import Server
from turnup.domain.surveys import Survey

LABEL = "compare NetBox with the labels on the machine and its cables; correct what is wrong, then start again."


def disagreements(part: ServerPlan, seen: Survey, others: Sequence[Server]) -> Iterator[Problem]:
    """What is not the same in all that could be asked. `others` are the rack's devices, to say whose a serial number is."""
    said = {"NetBox": part.serial}
    if seen.bmc is not None:
        said["its BMC"] = seen.bmc.serial
    if seen.inside is not None:
        said["the running system"] = seen.inside.serial
    if len(set(said.values())) > 1:
        words = [f"{who} says {plain(serial) or 'nothing'}{_whose(part, serial, others)}" for who, serial in said.items()]
        yield Problem(part.subject, f"its serial number is not one: {', '.join(words)}.", LABEL)
    yield from _macs(part, seen, others)


def agreed(part: ServerPlan, seen: Survey) -> tuple[str, ...]:
    """What was found to be the same, for the approver."""
    who = [name for name, found in (("BMC", seen.bmc), ("running system", seen.inside)) if found is not None]
    if not who:
        return ()
    macs = [name for name, found in (("BMC", seen.bmc), ("running system", seen.inside)) if found is not None and found.macs]
    also = f", MACs as its {' and its '.join(macs)} say" if macs else ""
    return (f"NetBox has serial number {part.serial} as its {' and its '.join(who)} say{also}",)


def _macs(part: ServerPlan, seen: Survey, others: Sequence[Server]) -> Iterator[Problem]:
    """Every MAC that NetBox gives it is on the machine; the BMC knows the one that boots; none is another server's."""
    if seen.inside is not None:
        if missing := sorted(set(part.macs) - set(seen.inside.macs)):
            what = f"NetBox gives it the MAC {', '.join(missing)}, the running system has {_listed(seen.inside.macs)}."
            yield Problem(part.subject, what, LABEL)
        theirs = {port.mac: one.name for one in others if one.id != part.id for port in one.interfaces if port.mac}
        for mac in sorted(set(seen.inside.macs) & set(theirs)):
            yield Problem(part.subject, f"the running system has the MAC {mac}, which NetBox gives {plain(theirs[mac])}.", LABEL)
    if seen.bmc is not None and seen.bmc.macs and part.management.mac not in seen.bmc.macs:
        what = f"NetBox gives {part.management.interface} the MAC {part.management.mac}, its BMC has {_listed(seen.bmc.macs)}."
        yield Problem(part.subject, what, LABEL)


def _whose(part: ServerPlan, serial: str, others: Sequence[Server]) -> str:
    other = next((one for one in others if one.serial == serial and one.id != part.id), None)
    return f" (which is {plain(other.name)}'s)" if other and serial else ""


def _listed(macs: Sequence[str]) -> str:
    return ", ".join(plain(mac) for mac in sorted(macs)) or "none"
