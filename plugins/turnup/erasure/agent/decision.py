"""Whether an order may be carried out on this machine, now. Pure: every guard in one place, and every reason said at once.

All of it has to be right. What is unknown counts as wrong; an empty list means stop, never everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from turnup.erasure.drives import Seen
from turnup.erasure.methods.kind import Method
from turnup.erasure.orders import Order, moment

NONCE = "turnup.nonce="
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class Facts:
    """What the machine is and has. `marker` is the acceptance image's, as found; `wanted_marker` as it has to be.

    `bad_signature` is nothing where the signature is good. `device_problems` are {device: what is wrong with it}: of every drive,
    found by opening it.
    """

    marker: str
    wanted_marker: str
    bad_signature: str
    command_line: str
    serial: str
    hostname: str
    now: datetime
    drives: tuple[Seen, ...]
    device_problems: Mapping[str, str]


def why_not(order: Order, facts: Facts, methods: Mapping[str, Method]) -> tuple[str, ...]:
    """Every reason against the order; none: it may be carried out."""
    return (*_image(facts), *_signature(facts), *_server(order, facts), *_time(order, facts), *_drives(order, facts, methods))


def _image(facts: Facts) -> tuple[str, ...]:
    if not facts.marker or not facts.wanted_marker or facts.marker != facts.wanted_marker:
        return ("this is not the acceptance image: its marker is missing or of another image",)
    return ()


def _signature(facts: Facts) -> tuple[str, ...]:
    return (f"the signature is not good: {facts.bad_signature}",) if facts.bad_signature else ()


def _server(order: Order, facts: Facts) -> tuple[str, ...]:
    nonces = [word.removeprefix(NONCE) for word in facts.command_line.split() if word.startswith(NONCE)]
    found = []
    if nonces != [order.nonce] or not order.nonce:
        found.append("the order is for another boot: its nonce is not on the kernel's command line")
    if not facts.serial or facts.serial != order.serial:
        found.append(f"the order is for the server with serial number {order.serial}, this is {facts.serial or 'without one'}")
    if not facts.hostname or facts.hostname != order.hostname:
        found.append(f"the order is for the host {order.hostname}, this is {facts.hostname or 'without a name'}")
    return tuple(found)


def _time(order: Order, facts: Facts) -> tuple[str, ...]:
    if facts.now >= moment(order.expires):
        return (f"the order expired at {order.expires}, the clock here says {facts.now.isoformat(timespec='seconds')}",)
    if facts.now < moment(order.issued) - _CLOCKS_APART:
        return (f"the order was issued at {order.issued}, the clock here says {facts.now.isoformat(timespec='seconds')}",)
    return ()


def _drives(order: Order, facts: Facts, methods: Mapping[str, Method]) -> tuple[str, ...]:
    """The machine's drives are exactly the order's, by serial number and size, and nobody uses one of them."""
    if not order.drives:
        return ("the order names no drive: an empty list means stop",)
    found = []
    ordered, present = Counter(drive.serial for drive in order.drives), Counter(seen.drive.serial for seen in facts.drives)
    for serial, times in sorted((ordered | present).items()):
        if not serial.strip():
            found.append("a drive has no serial number")
        elif times > 1:
            found.append(f"the serial number {serial} is there {times} times")
    here = {seen.drive.serial: seen for seen in facts.drives}
    for drive in order.drives:
        if drive.serial not in here:
            found.append(f"the drive {drive.serial} of the order is not in this server")
        elif here[drive.serial].drive.size != drive.size:
            found.append(f"the drive {drive.serial} has {here[drive.serial].drive.size} bytes, the order says {drive.size}")
        found += _method(drive.serial, drive.method, drive.read_back, drive.read_whole, methods)
    for seen in facts.drives:
        name = f"{seen.drive.serial or 'without serial number'} ({seen.drive.device})"
        if seen.drive.serial not in ordered:
            found.append(f"the drive {name} is in this server and not in the order")
        if seen.used_by:
            found.append(f"the drive {name} is in use: {', '.join(seen.used_by)}")
        if problem := facts.device_problems.get(seen.drive.device, "it was not looked at"):
            found.append(f"the drive {name}: {problem}")
    return tuple(found)


def _method(serial: str, name: str, read_back: str, whole: bool, methods: Mapping[str, Method]) -> list[str]:
    method = methods.get(name)
    if method is None:
        return [f"the drive {serial}: there is no method {name!r}"]
    if read_back != method.expected or (method.read_back_whole and not whole):
        wanted = f"{method.expected}{', read whole' if method.read_back_whole else ''}"
        return [f"the drive {serial}: after {name} has to read back {wanted}; the order says otherwise"]
    return []
