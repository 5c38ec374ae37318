"""A healthy site over fakes, as `tests.unit.checks.estate` has it, to be audited and fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.unit.checks import estate
from tests.unit.domain import worlds
from turnup.auditing.audit import Site, audit
from turnup.auditing.reach import Reach
from turnup.domain.audits import Audit
from turnup.domain.facts import Device, Facts
from turnup.domain.servers import Snapshot
from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.dhcp import FakeDhcp
from turnup.fakes.inventory import FakeInventory
from turnup.fakes.salt import FakeSalt
from turnup.fakes.sources import FakeBmcs, FakeClaims, FakeDoors, FakeEstates, FakeSaltMaster, FakeSetup
from turnup.ports import Returned

STATES = Returned(True, 0, {"file_|-a_|-a_|-managed": {"__id__": "a", "result": True, "changes": {}}})


class FakeSite:
    """Everything around the servers of a healthy site. Tests reach in and break what they like; `now` is the clock."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts = facts or estate.facts()
        self.now = self.facts.now
        self.estates = FakeEstates(self.facts.estate)
        self.setup = FakeSetup()
        self.dhcp = FakeDhcp(self.facts.subnets)
        self.dhcp.reserve(self.facts.reservations)
        self.salt = FakeSalt({"state.sls": STATES, "grains.items": Returned(True, 0, {})})
        self.master = FakeSaltMaster(self.salt)
        self.bmcs, self.doors, self.claims = FakeBmcs(), FakeDoors(), FakeClaims()
        self.boot_files = FakeBootFiles()
        for minion in self.facts.accepted_keys:
            self.salt.offer(minion, "ab" * 32)
            self.salt.accept_key(minion)
        for device in self.facts.estate.devices:
            if device.server.oob_ip and (seen := self.facts.bmcs.get(device.server.id)):
                self.bmcs.shown[device.server.oob_ip.ip] = seen
            if device.server.primary_ip4 and device.server.id in self.facts.open:
                self.doors.open_at.add(device.server.primary_ip4.ip)
        self.inventory = FakeInventory(self._rack())
        self.tried: dict[str, Mapping[str, Any]] = {}
        self.last: Audit | None = None

    def _rack(self) -> Snapshot:
        return worlds.snapshot(tuple(one.server for one in self.facts.estate.devices))

    @property
    def site(self) -> Site:
        return Site(
            self.facts.policy,
            Reach(
                self.estates,
                self.setup,
                self.dhcp,
                self.master,
                self.salt,
                self.bmcs,
                self.doors,
                self.boot_files,
                self.claims,
                self.inventory,
                self.trial,
            ),
        )

    def trial(self, device: Device) -> Mapping[str, Any] | None:
        return self.tried.get(device.name)

    def netbox(self, facts: Facts) -> None:
        """NetBox says from now on what these facts' estate says."""
        self.facts = facts
        self.estates.estates[facts.estate.site] = facts.estate
        self.inventory = FakeInventory(self._rack())

    def audit(self, *checks: str, hours: float = 0.0) -> Audit:
        """Audit it, so much later than the last time."""
        self.now += timedelta(hours=hours)
        identity = Audit("fleet_audit.run", "run", "", self.now.isoformat(), "")
        self.last = audit(identity, [self.site], checks, self.last, self.clock)
        return self.last

    def clock(self) -> datetime:
        return self.now

    def found(self, *checks: str, hours: float = 0.0) -> Sequence[tuple[str, str]]:
        return [(one.check, one.subject) for one in self.audit(*checks, hours=hours).findings]

    def accept(self, text: str) -> None:
        self.netbox(replace(self.facts, estate=replace(self.facts.estate, accepted=text)))
