"""A wipe order: which drives of which server, at this one boot of it, are erased how. Python 3.11: the server reads it too.

It is a signed document (`canonical`) of the kind `turnup.wipe-order`. An order with one field too many, too few or of another
form is no order: `read` answers exactly what was written, or raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from turnup.erasure import canonical

KIND = "turnup.wipe-order"
VERSION = 1
_LONGEST = 4 * 1024 * 1024  # bytes
_DIGEST = 64  # hex digits of a SHA-256


class BadOrder(ValueError):
    """What was given is no order; the text says why."""


@dataclass(frozen=True)
class OrderedDrive:
    """One drive as sealed, its method, and what has to read back: `zeroes` or `changed`; of every byte, if `read_whole`."""

    serial: str
    size: int
    model: str
    method: str
    level: str
    read_back: str
    read_whole: bool

    @property
    def identity(self) -> tuple[str, int]:
        """By what it is known."""
        return self.serial, self.size


@dataclass(frozen=True)
class Order:
    """One order. `serial` and `hostname` are the server's, `nonce` is this boot's, times are ISO 8601 with their offset.

    `at_once`         how many drives are erased side by side
    `stall_seconds`   without any progress for so long, a drive hangs
    `silent_seconds`  the same for methods that tell no progress, where the drive gives no estimate of its own
    `whole_up_to`     drives of at most so many bytes are read back whole
    `sample_blocks`   of larger ones so many blocks are
    """

    run: str
    server: str
    serial: str
    hostname: str
    nonce: str
    seal_sha256: str
    issued: str
    expires: str
    drives: tuple[OrderedDrive, ...]
    at_once: int = 16
    stall_seconds: int = 600
    silent_seconds: int = 6 * 3600
    whole_up_to: int = 64 * 1024**3
    sample_blocks: int = 20_000
    version: int = VERSION

    def document(self) -> dict[str, Any]:
        """As it is signed."""
        return asdict(self) | {"drives": [asdict(drive) for drive in self.drives]}

    @property
    def sha256(self) -> str:
        """By which states, proofs and certificates name it."""
        return canonical.sha256(self.document())


def given(word: str) -> bytes:
    """The signed order that a word of a command line means: itself, where it is JSON, else the file of that name."""
    if word.lstrip().startswith("{"):
        return word.encode()
    with Path(word).open("rb") as opened:
        return opened.read(_LONGEST)


def read(document: Mapping[str, Any]) -> Order:
    """The order of a document that was opened. BadOrder: it is none."""
    values = dict(document)
    listed = values.pop("drives", None)
    if not isinstance(listed, list):
        raise BadOrder("an order without a list of drives")
    if values.get("version") != VERSION:
        raise BadOrder(f"an order of version {values.get('version')!r}, known is {VERSION}")
    order = Order(**_checked(Order, values, "drives"), drives=tuple(_drive(one) for one in listed))
    _check(order)
    return order


def _drive(one: object) -> OrderedDrive:
    if not isinstance(one, Mapping):
        raise BadOrder("a drive that is no object")
    return OrderedDrive(**_checked(OrderedDrive, dict(one)))


def _checked(kind: type[Any], values: dict[str, Any], *but: str) -> dict[str, Any]:
    """Exactly the fields of the kind, each of its type."""
    wanted = {field.name: str(field.type) for field in fields(kind) if field.name not in but}
    if set(values) != set(wanted):
        raise BadOrder(f"the fields of an order are not as they should be: {', '.join(sorted(set(values) ^ set(wanted)))}")
    for name, type_ in wanted.items():
        if type(values[name]).__name__ != type_:
            raise BadOrder(f"{name} is {values[name]!r}, wanted is {type_}")
    return values


def _check(order: Order) -> None:
    for name in ("run", "server", "serial", "hostname", "nonce", "seal_sha256"):
        if not getattr(order, name).strip():
            raise BadOrder(f"{name} is empty")
    if len(order.seal_sha256) != _DIGEST or set(order.seal_sha256) - set("0123456789abcdef"):
        raise BadOrder("seal_sha256 is no SHA-256")
    for name in ("at_once", "stall_seconds", "silent_seconds", "sample_blocks"):
        if getattr(order, name) < 1:
            raise BadOrder(f"{name} is less than 1")
    if order.whole_up_to < 0:
        raise BadOrder("whole_up_to is less than 0")
    if moment(order.issued) >= moment(order.expires):
        raise BadOrder("it expires before it is issued")


def moment(text: str) -> datetime:
    """A time with its offset. BadOrder: it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadOrder(f"no time: {text!r}") from error
    if found.tzinfo is None:
        raise BadOrder(f"a time without its offset: {text!r}")
    return found
