"""Makes the order for one server: of its seal, and of what was chosen for each of its drives. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from turnup.erasure.choice import Choice
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import Order, OrderedDrive
from turnup.erasure.sealed_list import SealedList


class NotSealed(ValueError):
    """What was chosen is not exactly what was sealed; the text says what differs."""


def ordered(choice: Choice) -> OrderedDrive:
    """One drive's part of an order."""
    method, drive = METHODS[choice.method], choice.drive
    return OrderedDrive(
        drive.serial, drive.size, drive.model, choice.method, str(choice.level), str(method.expected), method.read_back_whole
    )


def order(
    seal: SealedList,
    serial: str,
    choices: Sequence[Choice],
    *,
    hostname: str,
    nonce: str,
    issued: str,
    expires: str,
    limits: Mapping[str, int] | None = None,
) -> Order:
    """The order for the sealed server of that serial number; `limits` are the order's own (`at_once`, `whole_up_to`, ...).

    NotSealed: the choices are not for exactly the server's sealed drives, or there are none.
    """
    server = seal.server(serial)
    if server is None:
        raise NotSealed(f"no server of the seal has the serial number {serial}")
    sealed, chosen = {drive.identity for drive in server.drives}, [choice.drive.identity for choice in choices]
    if not sealed or sorted(sealed) != sorted(chosen):
        odd = ", ".join(sorted(str(name) for name, _ in sealed.symmetric_difference(chosen))) or "a drive twice, or none"
        raise NotSealed(f"{server.name}: what is to be erased is not what was sealed: {odd}")
    return Order(
        run=seal.run,
        server=server.name,
        serial=server.serial,
        hostname=hostname,
        nonce=nonce,
        seal_sha256=seal.sha256,
        issued=issued,
        expires=expires,
        drives=tuple(ordered(choice) for choice in choices),
        **dict(limits or {}),
    )
