"""NetBox from far away, as a fake: a fleet that a test changes, or that does not answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from turnup.domain.errors import Transient
from turnup.domain.fleet import Device, Fleet, Rack, Site


@dataclass
class FakeFacts:
    """The Facts port. `asked` is what was read, in order."""

    fleet: Fleet = field(default_factory=Fleet)
    answers: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = "https://netbox.example.com"

    def whole(self) -> Fleet:
        """All of it."""
        return self._answer("whole")

    def since(self, fleet: Fleet) -> Fleet:  # noqa: ARG002 -- as the port has it
        """What changed, and all that did not."""
        return self._answer("since")

    def set(self, name: str, **fields: object) -> None:
        """Change a device."""
        device = next(one for one in self.fleet.devices.values() if one.name == name)
        changed = replace(device, **fields)  # type: ignore[arg-type]
        self.fleet = self.fleet.changed((), (changed,), self.fleet.holds)

    def _answer(self, what: str) -> Fleet:
        self.asked.append(what)
        if not self.answers:
            raise Transient("NetBox does not answer.", "see whether it is up.", cause="netbox-unavailable")
        return self.fleet


def fleet(sites: int = 1, racks: int = 2, servers: int = 8, status: str = "planned", role: str = "edge") -> Fleet:
    """So many sites (`site1`, ...), each with so many racks (`R1`, ...), each with so many servers from the bottom up."""
    found = Fleet(tuple(Site(f"site{number}", f"Site {number}") for number in range(1, sites + 1)))
    new_racks: list[Rack] = []
    new_devices: list[Device] = []
    for site in found.sites:
        for _ in range(racks):
            number = len(new_racks) + 1
            rack = Rack(number, f"R{(number - 1) % racks + 1}", site.slug, "planned", "2026-11-22T06:00:00Z", units=48)
            new_racks.append(rack)
            for unit in range(1, servers + 1):
                name = f"{site.slug}-{rack.name.lower()}-n{unit:02}"
                key = len(new_devices) + 1
                device = Device(key, name, site.slug, status, "2026-11-22T06:00:00Z", rack.id, unit, 1, role=role)
                new_devices.append(replace(device, model="Labmetal G1", serial=f"LM{key:05}", bmc=f"198.18.240.{unit}"))
    return found.changed(new_racks, new_devices, ())
