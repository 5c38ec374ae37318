"""A DHCP server in memory: subnets, reservations, and the refusals of the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from turnup.domain.errors import Refused
from turnup.fakes.faults import Faults
from turnup.ports import Dhcp, Lease, Reservation


class FakeDhcp(Faults, port=Dhcp):
    """The Dhcp port over these subnets {prefix: subnet id}. Tests may put what it gave into `given` {(subnet id, MAC): lease},
    and rows that it would refuse into `by_hand`.
    """

    def __init__(self, subnets: Mapping[str, int]) -> None:
        super().__init__()
        self._subnets = dict(subnets)
        self._reservations: dict[tuple[int, str], Reservation] = {}
        self.by_hand: list[Reservation] = []
        self.given: dict[tuple[int, str], Lease] = {}

    def subnets(self) -> Mapping[str, int]:
        """{prefix: subnet id}."""
        return dict(self._subnets)

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        """All or none."""
        prefixes = {number: ip_network(prefix) for prefix, number in self._subnets.items()}
        for each in reservations:
            if each.subnet_id not in prefixes:
                raise Refused(f"{each.mac}: there is no subnet {each.subnet_id}.")
            if ip_address(each.ip) not in prefixes[each.subnet_id]:
                raise Refused(f"{each.mac}: {each.ip} is not in {prefixes[each.subnet_id]}.")
        after = self._reservations | {(each.subnet_id, each.mac): each for each in reservations}
        places = [(each.subnet_id, each.ip) for each in after.values()]
        if len(set(places)) < len(places) or len({(each.subnet_id, each.mac) for each in reservations}) < len(reservations):
            raise Refused("An address is reserved for another MAC.")
        self._reservations = after

    def release(self, reservations: Sequence[Reservation]) -> None:
        """Reservations and leases."""
        for each in reservations:
            self._reservations.pop((each.subnet_id, each.mac), None)
            self.given.pop((each.subnet_id, each.mac), None)

    def reservations(self, macs: Sequence[str]) -> tuple[Reservation, ...]:
        """Sorted by MAC and subnet."""
        found = [each for each in self._reservations.values() if each.mac in macs]
        return tuple(sorted(found, key=lambda each: (each.mac, each.subnet_id)))

    def every_reservation(self) -> tuple[Reservation, ...]:
        """Sorted by MAC and subnet; what tests put into `by_hand` among it."""
        return tuple(sorted((*self._reservations.values(), *self.by_hand), key=lambda each: (each.mac, each.subnet_id)))

    def every_lease(self) -> tuple[Lease, ...]:
        """By address."""
        return tuple(sorted(self.given.values(), key=lambda lease: ip_address(lease.ip)))

    def leases(self, macs: Sequence[str]) -> tuple[Lease, ...]:
        """By the time they were seen."""
        return tuple(sorted((lease for lease in self.given.values() if lease.mac in macs), key=lambda lease: lease.seen))
