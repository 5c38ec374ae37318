"""A site of servers that serve, and an engine that takes some of them out, as people and Airflow would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import BURN_IN, DataCenter, Install
from turnup.domain.errors import TurnupError
from turnup.domain.planner import Removal, Request
from turnup.domain.plans import Plan
from turnup.domain.policy import Capacity, Decommission, Policy, RemovalCaps
from turnup.domain.servers import Server
from turnup.erasure import orders
from turnup.fakes.metal import FakeServer
from turnup.fakes.records import FakeRecords
from turnup.fakes.traffic import Member
from turnup.flow import abort, approval
from turnup.flow.decommission import DECOMMISSION
from turnup.flow.job import Run
from turnup.flow.rows import Flow
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.flow.steps import survey
from turnup.ports import Records, Reservation

INSTALLED_BY = "server_install/installed"
MANY = RemovalCaps(servers_per_run=40, share_of_rack=1.0, share_of_role=1.0, share_of_site=1.0, per_day=1000)
PEOPLE = Decommission(approvers=("ann", "bob"), second_approvers=("bob", "cyd"), caps=MANY, people={"nb-rob": "rob"})
SITE = replace(worlds.SITE, decommission=PEOPLE, capacity={"edge": Capacity(1, 0.5)})
POLICY = Policy(SITE, (replace(worlds.HARDWARE, burn_in={"quick": BURN_IN, "full": BURN_IN}), worlds.G2))
ROWS = [row.name for row in DECOMMISSION.server_rows]
REASON = "end of lease, they go back"


class LiveSite(DataCenter):
    """One rack of servers a1, a2, ... that are active, known to turnup, on, and in their pool."""

    def __init__(self, count: int = 4, *, active: bool = True) -> None:
        servers = tuple(
            replace(one, last_run=INSTALLED_BY, bmc_certificate=hashlib.sha256(one.serial.encode()).hexdigest())
            for one in map(worlds.live, range(1, count + 1))
        )
        super().__init__(snapshot=worlds.snapshot(servers, rack_status="active" if active else "planned"))
        self.former: dict[str, Records] = {INSTALLED_BY: FakeRecords()}
        self.really: dict[str, str] = {}
        for server in self.before.servers:
            self._start(server)

    def _start(self, server: Server) -> None:
        machine = self.servers[server.name]
        machine.order_key = self.signer.public_key(orders.KIND)
        nic, bmc = server.interfaces[:2]
        subnets = worlds.DHCP_SUBNETS
        for port, subnet in ((nic, subnets["10.0.1.0/24"]), (bmc, subnets["10.0.9.0/24"])):
            self.dhcp.reserve([Reservation(subnet, port.mac or "", port.addresses[0].ip, f"{server.name}.here.example")])
            self.really[port.addresses[0].ip] = server.name
        machine.bmc.trust(machine.bmc.shown)
        machine.bmc.power_on()
        machine.bmc.calls.clear()
        self.salt.accept_key(machine.minion_id)
        self.traffic.pools["edge"].append(Member(machine.minion_id, nic.addresses[0].ip, ready=True))
        known = {"host_key": machine.machine.host_key, "serial": server.serial, "macs": [nic.mac]}
        self.former[INSTALLED_BY].write(f"identity/{server.name}/1.json", json.dumps(known).encode())

    def at(self, address: str) -> FakeServer | None:
        """Who has the address, whatever DHCP and NetBox say."""
        name = self.really.get(address)
        return self.servers[name] if name else None

    def contents(self) -> dict[str, list[str]]:
        """What is on each server's drives."""
        return {name: [drive.content for drive in server.drives] for name, server in self.servers.items()}

    def serving(self) -> set[str]:
        """Who serves, by name."""
        names = {server.minion_id: name for name, server in self.servers.items()}
        return {names[one.name] for one in self.traffic.serving("edge")}


@dataclass
class Leave(Install):
    """One decommission run. `everything` does what is right at every step; tests do the steps one by one, and wrongly."""

    policy: Policy = POLICY
    flow: Flow = DECOMMISSION
    asked: dict[str, Any] = field(default_factory=dict)

    def seal(self, *names: str, wipe: str = "clear", reason: str = REASON, requesters: tuple[str, ...] = ("rob",)) -> Plan:
        """Snapshot, survey and seal."""
        assert isinstance(self.world, LiveSite)
        former = self.world.former
        former.setdefault(self.run.claim, self.records)
        self.asked = {"names": names, "wipe": wipe, "reason": reason, "requesters": requesters}
        snapshot = snapshot_step.take(self.ports, self.world.before.site, self.world.before.rack)

        def host_key(server: Server) -> str | None:
            records = former.get(server.last_run or "")
            return survey.host_key_on_record(server, records) if records is not None else None

        seen = survey.take(self.run, self.ports, self.policy, names, host_key)
        request = Request(self.run.claim, names, removal=Removal(wipe, reason, requesters, seen))
        return plan_step.make(self.ports, snapshot, self.policy, request, self.flow.plans)

    def decide(self, by: str, gate: str = "approval", *, chosen: str = approval.APPROVE, ago: float = 0.0) -> None:
        """Somebody answers, `ago` seconds before now."""
        at = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
        sha256 = plan_step.first(self.records).sha256
        approval.keep(self.records, approval.Decision(chosen, by, at, sha256, gate))

    def ready(self, *names: str, **ask: Any) -> tuple[str, ...]:
        """Sealed, approved and claimed; the names of the servers that go on."""
        plan = self.seal(*names, **ask)
        self.decide("ann")
        if plan.seal and plan.seal.why_second:
            self.decide("bob", "second_approval")
        return self.rack_rows()

    def leave(self, *names: str, **ask: Any) -> Mapping[str, TurnupError]:
        """The whole flow; the failures that its last row names."""
        going_on = self.ready(*names, **ask)
        for name in going_on:
            self.server_rows(name)
        return self.finish()

    def put_back(self, name: str, run_id: str = "abort-1") -> None:
        """What server_abort does."""
        (now,) = self.ports.inventory.devices("here", [name])
        job = abort.job_of(self.records, Run("server_abort", run_id), name, self.ports)
        self.until_done(abort.undo(self.flow, job, now.claim, "changed our minds"))
