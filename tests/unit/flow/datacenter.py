"""A data center of fakes with a rack of servers, and an engine that runs flows in it with a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.unit.domain import worlds
from turnup.domain.errors import TurnupError
from turnup.domain.planner import Request
from turnup.domain.plans import Plan
from turnup.domain.policy import BurnInTest, Policy, Threshold
from turnup.domain.servers import Snapshot
from turnup.domain.states import why_not_abortable
from turnup.fakes.bmc import FakeBmc
from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.dhcp import FakeDhcp
from turnup.fakes.inventory import FakeInventory
from turnup.fakes.metal import FakeServer
from turnup.fakes.records import FakeRecords
from turnup.fakes.salt import Call, FakeSalt
from turnup.fakes.shell import FakeMachine, FakeShell
from turnup.fakes.signer import FakeSigner
from turnup.fakes.slots import FakeSlots
from turnup.fakes.traffic import FakeTraffic
from turnup.flow import abort, ending
from turnup.flow.course import course
from turnup.flow.install import INSTALL
from turnup.flow.job import Job, RackJob, Run
from turnup.flow.rows import Flow
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.flow.waiting import Patience, Waiting, advance
from turnup.ports import Bmc, Ports, Returned, Shell

RECORDED = Path(__file__).parents[2] / "recorded/burnin"
BURN_IN = (
    BurnInTest("cpu", 10, thresholds=(Threshold("bogo_ops_per_second", at_least=100),)),
    BurnInTest("disk", 5, thresholds=(Threshold("read_iops", at_least=100),)),
)
POLICY = Policy(worlds.SITE, (replace(worlds.HARDWARE, burn_in={"quick": BURN_IN, "full": BURN_IN}),))


def states_of(call: Call) -> Returned:
    """A state run that goes well: one state, which changes something for real."""
    result = None if call.keywords["test"] else True
    return Returned(True, 0, {"file_|-a_|-a_|-managed": {"__id__": "a", "result": result, "changes": {"diff": "new"}}})


def burn_in_of(call: Call) -> Returned:
    """Recorded output of the test that was asked for."""
    name = "cpu" if "stress-ng" in str(call.keywords["argv"]) else "disk"
    return Returned(True, 0, {"exit_code": 0, "stdout": (RECORDED / f"{name}.txt").read_text(), "stderr": "", "seconds": 5.0})


class DataCenter:
    """One rack of servers a1, a2, ... with everything around them. Tests reach in and break what they like."""

    def __init__(self, count: int = 2, snapshot: Snapshot | None = None) -> None:
        self.before = snapshot or worlds.snapshot(tuple(worlds.server(number) for number in range(1, count + 1)))
        self.inventory = FakeInventory(self.before)
        self.dhcp = FakeDhcp(worlds.DHCP_SUBNETS)
        self.salt = FakeSalt({"state.sls": states_of, "turnup_burnin.run": burn_in_of})
        self.boot_files = FakeBootFiles()
        self.slots = FakeSlots()
        self.traffic = FakeTraffic({"edge"})
        self.signer = FakeSigner()
        self.servers = {
            server.name: FakeServer(
                server.serial,
                server.interfaces[0].mac or "",
                f"{server.name}.here.example",
                self.salt,
                self.boot_files,
                self.dhcp,
            )
            for server in self.before.servers
        }

    def at(self, address: str) -> FakeServer | None:
        """The server whose NIC or BMC DHCP gave this address, or whose image took it from the kernel's command line."""
        for server in self.inventory.snapshot(self.before.site, self.before.rack).servers:
            arguments = self.servers[server.name].machine.files.get("/proc/cmdline", "").split()
            if any(word.startswith(f"turnup.address={address}/") for word in arguments):
                return self.servers[server.name]
            for interface in server.interfaces:
                (reserved,) = self.dhcp.reservations([interface.mac or ""]) or (None,)
                if reserved is not None and reserved.ip == address:
                    return self.servers[server.name]
        return None

    def ports(self, records: FakeRecords) -> Ports:
        def bmc(address: str) -> Bmc:
            server = self.at(address)
            if server is not None:
                return server.bmc
            nobody = FakeBmc("")
            nobody.answers = False
            return nobody

        def shell(address: str, host_key: str | None = None) -> Shell:
            server = self.at(address)
            return FakeShell(server.machine if server else FakeMachine(up=False), host_key)

        return Ports(
            self.inventory, self.dhcp, self.salt, bmc, shell, self.boot_files, records, self.slots, self.traffic, self.signer
        )

    def statuses(self) -> Mapping[str, str]:
        return {server.name: server.status for server in self.inventory.rack_servers(self.before.rack_id)}

    def claims(self) -> dict[str, str | None]:
        return {server.name: server.claim for server in self.inventory.snapshot(self.before.site, self.before.rack).servers}

    def footprint(self) -> dict[str, Any]:
        """All that an install leaves behind, to compare with a clean slate."""
        servers = self.inventory.snapshot(self.before.site, self.before.rack).servers
        macs = [interface.mac or "" for server in servers for interface in server.interfaces]
        return {
            "devices": [
                (
                    server.name,
                    server.status,
                    server.claim,
                    server.primary_ip4,
                    server.primary_ip6,
                    server.oob_ip,
                    server.interfaces,
                )
                for server in servers
            ],
            "reservations": self.dhcp.reservations(macs),
            "keys": {
                name: (self.salt.waiting_key(one.minion_id), self.salt.accepted_key(one.minion_id))
                for name, one in self.servers.items()
            },
            "boot files": {name: self.boot_files.read(one.mac) for name, one in self.servers.items()},
            "pools": {role: sorted((one.address, one.ready) for one in pool) for role, pool in self.traffic.pools.items()},
            "power": {name: one.bmc.power for name, one in self.servers.items()},
        }


@dataclass
class Install:
    """One run of the install flow (or of another), as orchestration runs it, without Airflow and without time."""

    world: DataCenter
    run_id: str = "run-1"
    policy: Policy = POLICY
    flow: Flow = INSTALL

    def __post_init__(self) -> None:
        self.run = Run(f"server_{self.flow.name}", self.run_id)
        self.records = FakeRecords()
        self.ports = self.world.ports(self.records)
        self.now = 0.0
        self.failed: dict[str, TurnupError] = {}
        self.between: Callable[[], None] = lambda: None

    def make_plan(self, **ask: Any) -> Plan:
        snapshot = snapshot_step.take(self.ports, self.world.before.site, self.world.before.rack)
        return plan_step.make(self.ports, snapshot, self.policy, Request(self.run.claim, **ask), self.flow.plans)

    def job(self, step: str, name: str) -> Job:
        plan = plan_step.kept(self.records)
        return Job(self.run, step, plan, plan.server(name), self.policy.site, self.ports)

    def rack_job(self, step: str, names: tuple[str, ...]) -> RackJob:
        plan = plan_step.kept(self.records)
        return RackJob(
            self.run, step, plan, tuple(one for one in plan.servers if one.name in names), self.policy.site, self.ports
        )

    def rack_rows(self) -> tuple[str, ...]:
        """Every rack-wide row; the names of the servers that go on."""
        names = plan_step.kept(self.records).names
        for row in self.flow.rack_rows:
            failures = row.do(self.rack_job(row.name, names))
            names = tuple(name for name in names if name not in failures)
        return names

    def row(self, row: str, name: str, *, resumed: bool = False) -> bool:
        """One server's row until it is done (True) or has failed for good and that is written down."""
        job = self.job(row, name)
        try:
            self.until_done(course(self.flow, self.flow.server_row(row), job, resumed=resumed))
        except TurnupError as error:
            self.failed[name] = error
            ending.fail(job, error)
            return False
        return True

    def until_done[T](self, step: Waiting[T]) -> None:
        """Run a step that may wait to its end, by this run's clock."""
        patience = Patience(lambda: self.now)
        wait = advance(step)
        while wait is not None:
            self.between()
            over = patience.is_over(wait)
            self.now += wait.every
            self.world.slots.now = self.now
            wait = advance(step, wait.error() if over else None)

    def server_rows(self, name: str, *, first: str = "", resumed: bool = False) -> bool:
        """A server's rows from `first` on, or all; False at the first that fails."""
        rows = [row.name for row in self.flow.server_rows]
        for row in rows[rows.index(first) if first else 0 :]:
            if not self.row(row, name, resumed=resumed):
                return False
            resumed = False
        return True

    def finish(self) -> Mapping[str, TurnupError]:
        return self.flow.closing_row.do(self.rack_job("finish", plan_step.kept(self.records).names))

    def everything(self, **ask: Any) -> Mapping[str, TurnupError]:
        """The whole flow; the failures that its last row names."""
        plan = self.make_plan(**ask)
        going_on = self.rack_rows()
        for name in plan.names:
            self.server_rows(name, resumed=name not in going_on)
        return self.finish()

    def abort(self, run_id: str = "abort-1") -> None:
        """Undo what this run did to each of its servers, as `server_abort` does."""
        for name in plan_step.kept(self.records).names:
            (now,) = self.ports.inventory.devices("here", [name])
            if (now.status, now.claim) == ("planned", None):
                continue
            assert why_not_abortable(now, holder_runs=False) is None
            job = abort.job_of(self.records, Run("server_abort", run_id), name, self.ports)
            self.until_done(abort.undo(self.flow, job, now.claim, "changed our minds"))
