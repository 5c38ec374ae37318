"""A rack from the front: which device is where, in units from the top, and what has no place in the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from turnup.domain.fleet import Device, Rack


@dataclass(frozen=True)
class Place:
    """A device in the drawing: so many units from the top, so many high. `half` is `left`, `right`, or empty for all of it.

    Of two devices at the same height the one in front is drawn on the left, the one at the rear on the right.
    """

    device: Device
    top: float
    height: float
    half: str = ""


@dataclass(frozen=True)
class Elevation:
    """The drawing, from top to bottom, and the devices that are in the rack without a place in it."""

    places: tuple[Place, ...]
    unplaced: tuple[Device, ...]


def elevation(rack: Rack, devices: Sequence[Device]) -> Elevation:
    """Draw the rack. What takes no units, has no position or sticks out of the rack is unplaced."""
    found, unplaced = [], []
    for device in devices:
        top = _top(rack, device)
        if top is None:
            unplaced.append(device)
        else:
            found.append(Place(device, top, device.height))
    places = [Place(one.device, one.top, one.height, _half(one, found)) for one in found]
    return Elevation(tuple(sorted(places, key=lambda one: (one.top, one.half == "right", one.device.name))), tuple(unplaced))


def units(device: Device) -> str:
    """`U12`, `U12-13`, or empty for a device without a position."""
    if device.position is None:
        return ""
    last = device.position + device.height - 1
    return f"U{device.position:g}\N{EN DASH}{last:g}" if last > device.position else f"U{device.position:g}"


def numbers(rack: Rack) -> tuple[int, ...]:
    """The numbers of the units, from the top."""
    upwards = tuple(range(rack.lowest, rack.lowest + rack.units))
    return upwards if rack.descending else tuple(reversed(upwards))


def _top(rack: Rack, device: Device) -> float | None:
    if device.position is None or device.height <= 0:
        return None
    below = device.position - rack.lowest
    if below < 0 or below + device.height > rack.units:
        return None
    return below if rack.descending else rack.units - below - device.height


def _half(place: Place, others: Sequence[Place]) -> str:
    shared = any(
        other is not place and other.top < place.top + place.height and place.top < other.top + other.height for other in others
    )
    if place.device.face == "rear":
        return "right" if shared or not place.device.full_depth else ""
    return "left" if shared else ""
