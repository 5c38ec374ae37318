"""A live site in which every call of a port is told to whoever watches, with the process that calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.unit.flow.chance.actors import Actor, Crash
from tests.unit.flow.leaving import LiveSite
from turnup.fakes.acceptance import DATA, FakeDrive
from turnup.fakes.faults import Faults
from turnup.fakes.metal import FakeServer
from turnup.fakes.records import FakeRecords
from turnup.ports import Ports, Shell

type Told = Callable[[Faults, str, str, tuple[Any, ...]], None]


def _nobody(fake: Faults, owner: str, method: str, arguments: tuple[Any, ...]) -> None:
    """Nobody watches."""


class ChanceSite(LiveSite):
    """`actor` is who acts now; nobody: a person, or who looks on. `before_call` and `after_call` are told of what actors do."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.actor: Actor | None = None
        self.before_call: Told = _nobody
        self.after_call: Told = _nobody
        for fake in (self.inventory, self.dhcp, self.salt, self.traffic, self.slots, self.signer, self.boot_files):
            self._watch(fake)
        for name, server in self.servers.items():
            self._watch(server.bmc, name)
            server.bmc.on_power = partial(self._powered, server, server.bmc.on_power)

    def ports(self, records: FakeRecords) -> Ports:
        self._watch(records)
        made = super().ports(records)

        def shell(address: str, host_key: str | None = None) -> Shell:
            found = made.shell(address, host_key)
            if isinstance(found, Faults):
                self._watch(found)
            return found

        return Ports(**{**vars(made), "shell": shell})

    def in_rotation(self) -> set[str]:
        """Who gets traffic, or would if its health check passed; by the names of the beginning."""
        ready = {one.address for one in self.traffic.pools["edge"] if one.ready}
        return {name for name in self.servers if f"10.0.1.{100 + int(name[1:])}" in ready}

    def _watch(self, fake: Faults, owner: str = "") -> None:
        fake.on_call = partial(self._told, "before_call", fake, owner)
        fake.on_answer = partial(self._told, "after_call", fake, owner)

    def _told(self, which: str, fake: Faults, owner: str, method: str, arguments: tuple[Any, ...]) -> None:
        actor = self.actor
        if actor is None:
            return
        if actor.dead:
            raise Crash
        told: Told = getattr(self, which)
        told(fake, owner, method, arguments)

    def _powered(self, server: FakeServer, then: Callable[[str, bool], None] | None, power: str, from_network: bool) -> None:
        """What a machine does while it starts, it does itself. Whose health check passes follows from what runs on it."""
        actor, self.actor = self.actor, None
        if then is not None:
            then(power, from_network)
        self.actor = actor
        serves = server.machine.up and server.acceptance is None and is_whole(server.drives)
        for address, name in self.really.items():
            if self.servers[name] is server:
                (self.traffic.unwell.discard if serves else self.traffic.unwell.add)(address)


def is_whole(drives: list[FakeDrive]) -> bool:
    """Whether nobody wiped any of them."""
    return all(drive.content == DATA for drive in drives)
