"""`turnup-wipe inventory | start ORDER | status | stop`: JSON on standard output. ORDER is a file, or the signed order itself.

Exit codes: 0 done; 2 wrong words; 3 refused, with every reason, and nothing was touched.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from turnup.erasure import canonical, orders
from turnup.erasure.agent import decision, signature, supervisor
from turnup.erasure.agent.decision import Facts
from turnup.erasure.agent.machine import Machine
from turnup.erasure.agent.work import ENDED
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.drives import Unreadable
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import BadOrder, Order
from turnup.erasure.states import Folder

DONE, WRONG_WORDS, REFUSED = 0, 2, 3
STATES = Path("run/turnup-wipe")


def main(words: Sequence[str], machine: Machine | None = None) -> int:
    """What the words ask for; answers the exit code."""
    machine = machine or Machine()
    folder = Folder(machine.root / STATES)
    match list(words):
        case ["inventory"]:
            return inventory(machine)
        case ["status"]:
            return _print(supervisor.status(folder))
        case ["stop"]:
            return _print(supervisor.stop(folder))
        case ["start", word]:
            return start(word, machine, folder)
    print("turnup-wipe inventory | start ORDER | status | stop", file=sys.stderr)  # noqa: T201
    return WRONG_WORDS


def inventory(machine: Machine) -> int:
    """The drives and what they offer, and what an order has to name."""
    try:
        seen = machine.drives()
    except Unreadable as error:
        return _refuse([str(error)])
    listed = [
        one.drive.document() | {"used_by": list(one.used_by), "capabilities": machine.capabilities(one.drive).document()}
        for one in seen
    ]
    server = {
        "serial": machine.serial(),
        "hostname": machine.hostname(),
        "command_line": machine.command_line().strip(),
        "acceptance_image": bool(machine.marker()) and machine.marker() == machine.wanted_marker(),
    }
    return _print({"server": server, "drives": listed})


def start(word: str, machine: Machine, folder: Folder) -> int:
    """The order is carried out, in the background; the same order again starts no second time."""
    try:
        order, bad_signature = read(word, machine)
        known = _known(order, folder)
        if known is not None:
            return _print({"started": False, "order": order.sha256, **known})
        reasons = decision.why_not(order, facts(machine, bad_signature), METHODS)
    except (OSError, NotCanonical, BadOrder, Unreadable) as error:
        return _refuse([f"this is no order that can be read: {error}"])
    if reasons:
        return _refuse(reasons)
    if folder.works():
        return _refuse(["another order is being carried out"])
    if not supervisor.start(order, machine, folder):
        return _refuse(["the work could not be begun"])
    return _print({"started": True, "order": order.sha256, **supervisor.status(folder)})


def read(word: str, machine: Machine) -> tuple[Order, str]:
    """The order, and what is wrong with its signature."""
    document, signed_by = canonical.opened(orders.given(word), orders.KIND)
    order = orders.read(document)
    return order, signature.why_bad(canonical.signed(orders.KIND, document), signed_by, machine.public_key)


def _known(order: Order, folder: Folder) -> dict[str, Any] | None:
    """The status, where this order is being carried out or was, to its end and well."""
    status = supervisor.status(folder)
    mine = [one for one in status["orders"] if one["order"] == order.sha256]
    if not mine:
        return None
    done = len(mine[0]["drives"]) == len(order.drives) and all(one["state"] == ENDED for one in mine[0]["drives"])
    return status if done or (status["working"] and status["orders"][0] is mine[0]) else None


def facts(machine: Machine, bad_signature: str) -> Facts:
    """The machine as it is now. Devices are looked at while no worker of ours holds one of them."""
    seen = machine.drives()
    return Facts(
        marker=machine.marker(),
        wanted_marker=machine.wanted_marker(),
        bad_signature=bad_signature,
        command_line=machine.command_line(),
        serial=machine.serial(),
        hostname=machine.hostname(),
        now=machine.now(),
        drives=seen,
        device_problems={one.drive.device: machine.device_problem(one.drive) for one in seen},
    )


def _refuse(reasons: Sequence[str]) -> int:
    _print({"refused": list(reasons)})
    return REFUSED


def _print(document: dict[str, Any]) -> int:
    print(json.dumps(document, indent=1))  # noqa: T201
    return DONE
