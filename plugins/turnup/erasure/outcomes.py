"""What became of a drive: of what the agent and the prover said of it. Pure. Nothing but a proven success is ever `wiped`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from turnup.erasure.methods import METHODS
from turnup.erasure.orders import Order, OrderedDrive


class Result(StrEnum):
    """How it ended for one drive. Every one but `wiped` puts it on the pull-and-shred list."""

    WIPED = "wiped"
    FAILED = "failed"
    READ_ONLY = "read-only"
    HUNG = "hung"
    REFUSED = "refused"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True)
class Outcome:
    """One drive's end. `method` and `level` are empty unless it is wiped; `why` is empty if it is."""

    serial: str
    size: int
    model: str
    slot: str
    result: Result
    why: str = ""
    method: str = ""
    level: str = ""

    @property
    def wiped(self) -> bool:
        """Whether it is erased, and proven to be."""
        return self.result is Result.WIPED


@dataclass(frozen=True)
class ToBeShredded:
    """One drive for the technician: which server, which slot, which serial number, and why."""

    server: str
    rack: str
    unit: str
    slot: str
    serial: str
    size: int
    model: str
    why: str


_ENDS = {"read-only": Result.READ_ONLY, "hung": Result.HUNG, "refused": Result.REFUSED, "not-begun": Result.NOT_BEGUN}
_ENDED, _READ, _WHOLE = "ended", "read", "whole"


def outcomes(order: Order, wiped: Sequence[Mapping[str, Any]], proven: Sequence[Mapping[str, Any]]) -> tuple[Outcome, ...]:
    """One a drive of the order, in its order. `wiped`: `drives` of the agent's status; `proven`: `after` of the prover's."""
    return tuple(_outcome(order, drive, _of(drive, wiped), _of(drive, proven)) for drive in order.drives)


def shred(order: Order, rack: str, unit: str, found: Sequence[Outcome]) -> tuple[ToBeShredded, ...]:
    """The pull-and-shred list: every drive of the order that is not proven to be wiped."""
    return tuple(
        ToBeShredded(order.server, rack, unit, one.slot, one.serial, one.size, one.model, f"{one.result}: {one.why}")
        for one in found
        if not one.wiped
    )


def _of(drive: OrderedDrive, documents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one document about a drive; none where there are two, which say nothing certain."""
    found = [one for one in documents if (one.get("serial"), one.get("size")) == drive.identity]
    return found[0] if len(found) == 1 else {}


def _outcome(order: Order, drive: OrderedDrive, state: Mapping[str, Any], proof: Mapping[str, Any]) -> Outcome:
    slot = str(state.get("slot") or "unknown")
    result, why = _wipe(drive, state)
    if result is Result.WIPED and (why := _why_unproven(order, drive, state, proof)):
        result = Result.FAILED
    wiped = result is Result.WIPED
    return Outcome(
        drive.serial,
        drive.size,
        drive.model,
        slot,
        result,
        "" if wiped else why,
        drive.method if wiped else "",
        drive.level if wiped else "",
    )


def _wipe(drive: OrderedDrive, state: Mapping[str, Any]) -> tuple[Result, str]:
    """What the agent's state says; WIPED means: by its own account."""
    if not state:
        return Result.FAILED, "the agent knows nothing of it"
    name = str(state.get("state"))
    if name != _ENDED:
        return _ENDS.get(name, Result.FAILED), str(state.get("why") or f"it is {name}")
    if (state.get("method"), state.get("level")) != (drive.method, drive.level):
        return Result.FAILED, "it was erased by another method than ordered"
    return Result.WIPED, ""


def _why_unproven(order: Order, drive: OrderedDrive, state: Mapping[str, Any], proof: Mapping[str, Any]) -> str:
    """Nothing where the read-back proves it; else the first reason."""
    if not proof:
        return "it was not read back"
    method = METHODS.get(drive.method)
    whole = method is None or method.read_back_whole or drive.read_whole
    all_of_it = (proof.get("coverage"), proof.get("bytes_read")) == (_WHOLE, drive.size)
    ended, began = _moment(state.get("ended")), _moment(proof.get("began"))
    passed = proof.get("state") == _READ and proof.get("passed") is True
    reasons = (
        (proof.get("order") != order.sha256, "it was read back for another order"),
        (not passed, f"the read-back does not prove it: {proof.get('why') or proof.get('state')}"),
        (method is None or proof.get("read_back") != method.expected, "it was read back for what its method does not leave"),
        (whole and not all_of_it, "it was not read back whole, as its method demands"),
        (ended is None or began is None or began < ended, "it was read back before the wipe ended"),
    )
    return next((reason for is_so, reason in reasons if is_so), "")


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
