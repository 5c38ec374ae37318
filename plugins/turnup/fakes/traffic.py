"""A load balancer in memory: a pool a role, health as the test says, connections as the test says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from turnup.domain.errors import Conflict, Refused
from turnup.fakes.faults import Faults
from turnup.ports import InPool, Membership, Serving, Target, Traffic


@dataclass
class Member:
    """One server of a pool: `ready` is in rotation, `drained` gets nothing new, neither nothing at all."""

    name: str
    address: str
    ready: bool = False
    drained: bool = False


class FakeTraffic(Faults, port=Traffic):
    """The Traffic port over one pool for each of these roles.

    Tests put addresses whose health check fails into `unwell`, and how many connections an address bears into `load`; who serves
    has whatever is there, who drains keeps it until the test lowers it.
    """

    def __init__(self, roles: Collection[str]) -> None:
        super().__init__()
        self.pools: dict[str, list[Member]] = {role: [] for role in roles}
        self.unwell: set[str] = set()
        self.load: dict[str, int] = {}

    def _found(self, target: Target) -> list[Member]:
        members = self.pools.get(target.role, [])
        return [one for one in members if target.address == one.address or target.hostname == one.name]

    def enter(self, target: Target) -> None:
        """In rotation where it is well, else drained."""
        if target.role not in self.pools:
            raise Refused(f"The role {target.role} has no pool.", cause="traffic-pool")
        found = self._found(target)
        if any(one.address != target.address for one in found):
            raise Conflict(f"{target.hostname} is in the pool with another address.", cause="traffic-name-taken")
        if not found:
            found = [Member(target.hostname, target.address)]
            self.pools[target.role] += found
        for one in found:
            one.ready = one.ready or one.address not in self.unwell
            one.drained = not one.ready

    def drain(self, target: Target) -> None:
        """Gets no new connections."""
        for one in self._found(target):
            one.ready, one.drained = False, one.ready or one.drained

    def leave(self, target: Target) -> None:
        """Is out, and bears nothing."""
        for one in self._found(target):
            self.pools[target.role].remove(one)
            self.load.pop(one.address, None)

    def connections(self, target: Target) -> int:
        """What the test put into `load`."""
        return sum(self.load.get(one.address, 0) for one in self._found(target))

    def state(self, target: Target) -> Membership:
        """By what was asked for, and by its health."""
        found = self._found(target)
        if not found:
            return Membership(InPool.ABSENT)
        said = "Connection refused" if target.address in self.unwell else "200 OK"
        return Membership(max((self._state(one) for one in found), key=list(InPool).index), self.connections(target), said)

    def _state(self, member: Member) -> InPool:
        if member.drained:
            return InPool.DRAINING
        if not member.ready:
            return InPool.OUT
        return InPool.WAITING if member.address in self.unwell else InPool.SERVING

    def serving(self, role: str) -> tuple[Serving, ...]:
        """By address."""
        found = {one.address: Serving(one.name, one.address) for one in self.pools.get(role, []) if self._serves(one)}
        return tuple(found[address] for address in sorted(found))

    def _serves(self, member: Member) -> bool:
        return self._state(member) is InPool.SERVING
