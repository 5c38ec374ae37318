"""The programs of the acceptance image in memory, on drives in memory. Their guards are the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from turnup.erasure import canonical, orders, signing
from turnup.erasure.agent import decision
from turnup.erasure.agent.decision import Facts
from turnup.erasure.agent.machine import marker
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive, Seen, Transport
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import BadOrder, Order, OrderedDrive
from turnup.erasure.signing import BadSignature
from turnup.ports import Completed

CLEAR_OFFERED = Capabilities(write_zeroes_max=1 << 20, discard_granularity=4096)
DATA, ZEROS = "data of a customer", "zeros"


@dataclass
class FakeDrive:
    """One drive. `content` is what it holds. `fails`, `hangs`, `read_only`: how wiping it ends; `lies`: it says it is wiped."""

    serial: str
    size: int = 256 * 1024 * 1024
    model: str = "LABMETAL D256"
    slot: str = "1"
    content: str = DATA
    transport: Transport = Transport.LOOP
    capabilities: Capabilities = CLEAR_OFFERED
    fails: bool = False
    hangs: bool = False
    read_only: bool = False
    lies: bool = False
    mounted: bool = False

    def seen(self, number: int) -> Seen:
        """As the tools of a running system show it."""
        name = f"vd{chr(97 + number)}"
        drive = Drive(name, self.serial, self.size, self.model, self.transport, rotational=True, slot=self.slot)
        return Seen(drive, used_by=("mounted at /mnt",) if self.mounted else ())

    def lsblk(self, number: int) -> dict[str, Any]:
        """As lsblk prints it."""
        name = f"vd{chr(97 + number)}"
        told = {"name": name, "kname": name, "serial": self.serial, "size": self.size, "model": self.model, "rota": True}
        return {**told, "type": "disk", "maj:min": f"7:{number}", "tran": None, "hctl": self.slot, "children": []}


@dataclass
class FakeAcceptance:
    """`turnup-wipe` and `turnup-prove` of one boot of one server. `looks`: after so many looks the wipe, or the reading, is done.

    `at_once`: so many drives are at work together, the others after them, unless it was told to stop. `on_wipe` is told of each
    drive before its first byte is gone, and may raise.
    """

    drives: Sequence[FakeDrive]
    public_key: str
    command_line: str
    serial: str
    hostname: str
    on_wipe: Callable[[FakeDrive, Order], None] = lambda drive, order: None  # noqa: ARG005
    looks: int = 1
    at_once: int = 16
    orders: dict[str, Order] = field(default_factory=dict)
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    proofs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stopped: bool = False
    _left: int = 0

    def run(self, words: Sequence[str]) -> Completed:  # noqa: PLR0911 -- a command line each
        """A command line of one of the two programs."""
        match tuple(words):
            case ("turnup-wipe", "inventory"):
                return _done(self._inventory())
            case ("turnup-wipe", "status"):
                return _done(self._status())
            case ("turnup-wipe", "stop"):
                self.stopped = True
                return _done(self._status())
            case ("turnup-wipe", "start", word):
                return self._start(word)
            case ("turnup-prove", "status"):
                return _done({"working": False, "orders": [self._proof(one) for one in reversed(self.proofs)]})
            case ("turnup-prove", "before" | "start" as what, word):
                return self._prove(what, word)
        return Completed(2, "", "wrong words")

    def _inventory(self) -> dict[str, Any]:
        listed = [
            one.drive.document() | {"used_by": list(one.used_by), "capabilities": self._offers(drive).document()}
            for drive, one in zip(self.drives, self._seen(), strict=True)
        ]
        return {"server": {"serial": self.serial, "hostname": self.hostname, "acceptance_image": True}, "drives": listed}

    def _offers(self, drive: FakeDrive) -> Capabilities:
        return Capabilities(read_only=True) if drive.read_only else drive.capabilities

    def _seen(self) -> tuple[Seen, ...]:
        return tuple(drive.seen(number) for number, drive in enumerate(self.drives))

    def _start(self, word: str) -> Completed:
        try:
            document = signing.opened(orders.KIND, orders.given(word), self.public_key)
            bad = ""
        except BadSignature as error:
            document, bad = canonical.opened(orders.given(word), orders.KIND)[0], str(error)
        try:
            order = orders.read(document)
        except (BadOrder, NotCanonical) as error:
            return _refused([f"this is no order that can be read: {error}"])
        reasons = decision.why_not(order, self._facts(bad), METHODS)
        if reasons:
            return _refused(reasons)
        known = self.states.get(order.sha256, [])
        if not known or any(one["state"] in ("interrupted", "not-begun") for one in known):
            self._begin(order)
        return _done({"started": not known, "order": order.sha256, **self._status()})

    def _facts(self, bad_signature: str) -> Facts:
        wanted = marker(self.public_key.encode())
        return Facts(
            marker=wanted,
            wanted_marker=wanted,
            bad_signature=bad_signature,
            command_line=self.command_line,
            serial=self.serial,
            hostname=self.hostname,
            now=datetime.now(UTC),
            drives=self._seen(),
            device_problems={one.drive.device: "" for one in self._seen()},
        )

    def _begin(self, order: Order) -> None:
        self.orders[order.sha256], self._left, self.stopped = order, self.looks, False
        self.states[order.sha256] = [self._state(one.serial, order) for one in order.drives]
        self._go_on(order)

    def _go_on(self, order: Order) -> None:
        """The next drives begin, or never do; in the middle of one nothing stops."""
        waiting = [(state, drive) for state, drive in self._pairs(order) if state["state"] == "waiting"]
        for state, _ in waiting if self.stopped else ():
            state |= {"state": "not-begun", "why": "stopped before it began"}
        for state, drive in () if self.stopped else waiting[: self.at_once]:
            state |= {"state": "running", "began": _now()}
            if drive.read_only:
                continue
            self.on_wipe(drive, order)
            state["begun"] = True
            if not drive.lies:
                drive.content = "half of it"

    def _pairs(self, order: Order) -> list[tuple[dict[str, Any], FakeDrive]]:
        """Each drive that is there yet, with its state; who pulls one in the middle makes it fail."""
        here = {drive.serial: drive for drive in self.drives}
        for state in self.states[order.sha256]:
            if state["serial"] not in here and state["state"] in ("waiting", "running"):
                state |= {"state": "failed", "why": "it is not there any more", "ended": _now()}
        return [(state, here[state["serial"]]) for state in self.states[order.sha256] if state["serial"] in here]

    def _state(self, serial: str, order: Order) -> dict[str, Any]:
        ordered = next(one for one in order.drives if one.serial == serial)
        known = {"serial": serial, "size": ordered.size, "model": ordered.model, "method": ordered.method, "level": ordered.level}
        told = {"slot": self._slot(serial), "transport": "loop", "rotational": True, "tools": {}, "agent": "turnup-wipe fake"}
        return {**known, **told, "state": "waiting", "begun": False, "why": "", "began": _now(), "ended": None, "commands": []}

    def _slot(self, serial: str) -> str:
        return next(drive.slot for drive in self.drives if drive.serial == serial)

    def _status(self) -> dict[str, Any]:
        working = self._left > 0
        if working:
            self._left -= 1
        elif self.orders:
            order = list(self.orders.values())[-1]
            self._end(order)
            self._go_on(order)
            working = any(state["state"] == "running" for state in self.states[order.sha256])
            self._left = self.looks if working else 0
        return {"working": working, "orders": [self._of(sha256, working=working) for sha256 in reversed(self.orders)]}

    def _of(self, sha256: str, *, working: bool) -> dict[str, Any]:
        told = {"permille": 500 if working else 1000, "seconds_left": 60 if working else None, "stopped": self.stopped}
        return {"order": sha256, "drives": [dict(one) for one in self.states[sha256]], "ended": not working, **told}

    def _end(self, order: Order) -> None:
        for state, drive in self._pairs(order):
            if state["state"] != "running":
                continue
            ordered = next(one for one in order.drives if one.serial == drive.serial)
            method = METHODS[ordered.method]
            refused = method.level(drive.seen(0).drive, drive.capabilities) != ordered.level
            if drive.read_only:
                ends, why = "read-only", "the drive is read-only"
            elif refused:
                ends, why = "refused", f"{ordered.method} does not reach {ordered.level}"
            elif drive.fails or drive.hangs:
                ends, why = ("failed", "I/O error") if drive.fails else ("hung", "no progress for 600 seconds")
            else:
                ends, why = "ended", ""
                drive.content = drive.content if drive.lies else ZEROS
            state |= {"state": ends, "why": why, "ended": _now()}

    def _prove(self, what: str, word: str) -> Completed:
        order = orders.read(canonical.opened(orders.given(word), orders.KIND)[0])
        here = {(drive.serial, drive.size): drive for drive in self.drives}
        read = [] if what == "before" else [self._read(order, one, here.get(one.identity)) for one in order.drives]
        self.proofs[order.sha256] = read
        return _done({"started": True, "order": order.sha256, "working": False, "orders": [self._proof(order.sha256)]})

    def _proof(self, sha256: str) -> dict[str, Any]:
        return {"order": sha256, "before": [], "after": self.proofs[sha256], "ended": True}

    def _read(self, order: Order, ordered: OrderedDrive, drive: FakeDrive | None) -> dict[str, Any]:
        passed = drive is not None and drive.content == ZEROS
        known = {"serial": ordered.serial, "size": ordered.size, "order": order.sha256, "read_back": ordered.read_back}
        how = {"coverage": "whole", "bytes_read": ordered.size, "blocks_read": 4096, "block_size": 65536}
        how |= {"seed": "0", "direct": True}
        ends = {"state": "read", "passed": passed, "why": "" if passed else "1 of 4096 blocks are not as they have to be"}
        told = {"confidence": [], "statement": "All bytes were read.", "tool": "turnup-prove fake"}
        return {**known, **how, **ends, **told, "permille": 1000, "began": _now(), "ended": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _done(document: dict[str, Any]) -> Completed:
    return Completed(0, json.dumps(document), "")


def _refused(reasons: Sequence[str]) -> Completed:
    return Completed(3, json.dumps({"refused": list(reasons)}), "")
