"""The fleet as NetBox has it, in the few fields that a look at all of it needs, frozen at one moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from turnup.domain.holds import Hold


@dataclass(frozen=True)
class Device:
    """One device. `height` is in rack units and 0 for one that takes none; `face` is `front`, `rear` or empty.

    `claim` and `last_run` name runs (`dag/run id`); `cause` is what turnup wrote when its part of a run failed.
    """

    id: int
    name: str
    site: str
    status: str
    version: str
    rack_id: int | None = None
    position: float | None = None
    height: float = 1
    full_depth: bool = True
    face: str = ""
    role: str = ""
    tenant: str | None = None
    model: str = ""
    serial: str = ""
    asset_tag: str = ""
    claim: str | None = None
    last_run: str | None = None
    cause: str = ""
    bmc: str = ""
    """Its out-of-band address, without a prefix length."""


@dataclass(frozen=True)
class Rack:
    """One rack of so many units, the lowest numbered `lowest`; `descending` where unit 1 is at the top."""

    id: int
    name: str
    site: str
    status: str
    version: str
    units: int = 42
    lowest: int = 1
    descending: bool = False
    location: str = ""


@dataclass(frozen=True)
class Site:
    """One site."""

    slug: str
    name: str


@dataclass(frozen=True)
class Fleet:
    """All of it. `version` is the latest change that it holds, as NetBox's clock says (ISO 8601)."""

    sites: tuple[Site, ...] = ()
    racks: Mapping[int, Rack] = field(default_factory=dict)
    devices: Mapping[int, Device] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()

    @cached_property
    def version(self) -> str:
        """The latest change that is in it, as NetBox's clock says; empty where nothing is in it."""
        racks, devices = (rack.version for rack in self.racks.values()), (device.version for device in self.devices.values())
        return max(max(racks, default=""), max(devices, default=""))

    @cached_property
    def racks_of(self) -> Mapping[str, tuple[Rack, ...]]:
        """{site: its racks, in the order in which a person would name them}."""
        found: dict[str, list[Rack]] = {site.slug: [] for site in self.sites}
        for rack in sorted(self.racks.values(), key=lambda one: (natural(one.name), one.id)):
            found.setdefault(rack.site, []).append(rack)
        return {site: tuple(racks) for site, racks in found.items()}

    @cached_property
    def in_rack(self) -> Mapping[int, tuple[Device, ...]]:
        """{rack: its devices, by name}."""
        found: dict[int, list[Device]] = {rack: [] for rack in self.racks}
        for device in sorted(self.devices.values(), key=lambda one: (natural(one.name), one.id)):
            if device.rack_id is not None:
                found.setdefault(device.rack_id, []).append(device)
        return {rack: tuple(devices) for rack, devices in found.items()}

    def named(self, site: str, rack: str) -> tuple[Rack, ...]:
        """The site's racks of exactly this name: one, unless NetBox has none or several."""
        return tuple(one for one in self.racks_of.get(site, ()) if one.name == rack)

    def changed(self, racks: Iterable[Rack], devices: Iterable[Device], holds: tuple[Hold, ...]) -> Fleet:
        """The fleet after these changed. The same fleet where nothing did."""
        new_racks = {one.id: one for one in racks if self.racks.get(one.id) != one}
        new_devices = {one.id: one for one in devices if self.devices.get(one.id) != one}
        if not new_racks and not new_devices and holds == self.holds:
            return self
        return replace(self, racks={**self.racks, **new_racks}, devices={**self.devices, **new_devices}, holds=holds)


@lru_cache(maxsize=65536)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which `R2` comes before `R10`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(part), "") if part.isascii() and part.isdecimal() else (1, 0, part) for part in parts)
