"""Every safe fix as a row: what was there before, what is done, how that is undone. Doing either twice equals doing it once.

A row's `before` looks at the object once more, at the last moment: Refused where it is not as the audit saw it. So does `still`
before it is undone: Refused where it is neither as the fix left it nor as it was before; what is newer is never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from turnup.auditing.reach import Reach
from turnup.domain.errors import Refused, TurnupError
from turnup.ports import PrimaryAddresses, Reservation

type Values = Mapping[str, Any]
PRIMARY = ("primary_ip4", "primary_ip6", "oob_ip")


def _as_it_is(reach: Reach, values: Values) -> None:
    """Undoing cannot overwrite anything."""


@dataclass(frozen=True)
class Action:
    """`before` answers what is to be remembered beside the fix's values; `undo` gets both."""

    before: Callable[[Reach, Values], Values]
    do: Callable[[Reach, Values, str], None]
    undo: Callable[[Reach, Values, str], None]
    still: Callable[[Reach, Values], None] = _as_it_is


def _new(values: Values) -> Reservation:
    return Reservation(values["subnet_id"], values["mac"], values["ip"], values["hostname"], values["boot_file"])


def _old(values: Values) -> Reservation:
    return _new({name.removeprefix("old_"): value for name, value in values.items() if name.startswith("old_")})


def _reserved(reach: Reach, wanted: Reservation) -> Values:
    if wanted not in reach.dhcp.reservations([wanted.mac]):
        raise _moved(f"the reservation of {wanted.ip} for {wanted.mac}")
    return {}


def _not_reserved(reach: Reach, values: Values) -> Values:
    if reach.dhcp.reservations([values["mac"]]):
        raise _moved(f"what is reserved for {values['mac']}")
    return {}


def _change(reach: Reach, values: Values, message: str) -> None:  # noqa: ARG001
    """In one step where the MAC stays; else the other MAC's goes first, since one address has one reservation."""
    if (_old(values).mac, _old(values).subnet_id) != (_new(values).mac, _new(values).subnet_id):
        reach.dhcp.release([_old(values)])
    try:
        reach.dhcp.reserve([_new(values)])
    except TurnupError:
        reach.dhcp.reserve([_old(values)])  # as it was, rather than none
        raise


def _change_back(reach: Reach, values: Values, message: str) -> None:  # noqa: ARG001
    if (_old(values).mac, _old(values).subnet_id) != (_new(values).mac, _new(values).subnet_id):
        reach.dhcp.release([_new(values)])
    reach.dhcp.reserve([_old(values)])


def _none_but(reach: Reach, *known: Reservation) -> None:
    """Refused: their MACs have other reservations in these subnets by now."""
    keys = {(one.subnet_id, one.mac) for one in known}
    now = reach.dhcp.reservations(sorted({one.mac for one in known}))
    if newer := [one for one in now if (one.subnet_id, one.mac) in keys and one not in known]:
        raise _newer(f"{newer[0].ip} is reserved for {newer[0].mac}")


def _same_script(reach: Reach, values: Values) -> None:
    if reach.boot_files.read(values["mac"]) not in (None, values["script"]):
        raise _newer(f"{values['mac']} has another boot script")


def _same_primary(reach: Reach, values: Values) -> None:
    now = reach.inventory.device(values["device_id"])
    there = {name: getattr(now, name) for name in PRIMARY if name in values}
    if any(address is not None and address.id != values[name] for name, address in there.items()):
        raise _newer(f"{now.name} has other addresses")


def _same_rack(reach: Reach, values: Values) -> None:
    if reach.estates.rack_status(values["rack_id"]) not in (values["before"], values["after"]):
        raise _newer(f"rack {values['rack']} has another status")


def _script(reach: Reach, values: Values) -> Values:
    script = reach.boot_files.read(values["mac"])
    if script is None:
        raise _moved(f"the boot script of {values['mac']}")
    return {"script": script}


def _accepted(reach: Reach, values: Values) -> Values:
    if values["minion"] not in reach.master.keys().accepted:
        raise _moved(f"the key of {values['minion']}")
    return {}


def _unset(reach: Reach, values: Values) -> Values:
    now = reach.inventory.device(values["device_id"])
    if any(getattr(now, name) is not None for name in PRIMARY if name in values):
        raise _moved(f"the addresses of {now.name}")
    return {}


def _set_primary(reach: Reach, values: Values, message: str) -> None:
    chosen = {name: values[name] for name in PRIMARY if name in values}
    reach.inventory.set_primary([PrimaryAddresses(values["device_id"], **chosen)], message)


def _clear_primary(reach: Reach, values: Values, message: str) -> None:
    reach.estates.clear_primary(values["device_id"], [name for name in PRIMARY if name in values], message)


def _deprecated(reach: Reach, values: Values) -> Values:
    if reach.estates.address(values["id"]) != (values["cidr"], "deprecated", values["description"]):
        raise _moved(f"the address {values['cidr']}")
    return {}


def _rack_as_before(reach: Reach, values: Values) -> Values:
    if reach.estates.rack_status(values["rack_id"]) != values["before"]:
        raise _moved(f"the status of rack {values['rack']}")
    return {}


def _moved(what: str) -> Refused:
    return Refused(f"Nothing was done: {what} changed since the audit.", "start the audit again.", cause="request-refused")


def _newer(what: str) -> Refused:
    return Refused(f"Nothing was undone: {what} by now.", "leave it, or change it by hand.", cause="request-refused")


ACTIONS: Mapping[str, Action] = {
    "remove_reservation": Action(
        before=lambda reach, values: _reserved(reach, _new(values)),
        do=lambda reach, values, _: reach.dhcp.release([_new(values)]),
        undo=lambda reach, values, _: reach.dhcp.reserve([_new(values)]),
        still=lambda reach, values: _none_but(reach, _new(values)),
    ),
    "make_reservation": Action(
        before=_not_reserved,
        do=lambda reach, values, _: reach.dhcp.reserve([_new(values)]),
        undo=lambda reach, values, _: reach.dhcp.release([_new(values)]),
        still=lambda reach, values: _none_but(reach, _new(values)),
    ),
    "change_reservation": Action(
        before=lambda reach, values: _reserved(reach, _old(values)),
        do=_change,
        undo=_change_back,
        still=lambda reach, values: _none_but(reach, _old(values), _new(values)),
    ),
    "remove_boot_file": Action(
        before=_script,
        do=lambda reach, values, _: reach.boot_files.remove(values["mac"]),
        undo=lambda reach, values, _: reach.boot_files.write(values["mac"], values["script"]),
        still=_same_script,
    ),
    "reject_key": Action(
        before=_accepted,
        do=lambda reach, values, _: reach.master.reject_key(values["minion"]),
        undo=lambda reach, values, _: reach.master.accept_rejected_key(values["minion"]),
    ),
    "set_primary": Action(before=_unset, do=_set_primary, undo=_clear_primary, still=_same_primary),
    "free_address": Action(
        before=_deprecated,
        do=lambda reach, values, message: reach.inventory.release([values["id"]], message),
        undo=lambda reach, values, message: reach.estates.keep_address(values["cidr"], values["description"], message),
    ),
    "set_rack_status": Action(
        before=_rack_as_before,
        do=lambda reach, values, message: reach.inventory.set_rack_status(values["rack_id"], values["after"], message),
        undo=lambda reach, values, message: reach.inventory.set_rack_status(values["rack_id"], values["before"], message),
        still=_same_rack,
    ),
}
"""{name: action}; a check's fix names one."""
