"""No DHCP of turnup's: the site's addresses are static, or somebody else's DHCP server gives them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from turnup.ports import Dhcp, Lease, Reservation

KIND = "none"


class NoDhcp:
    """The `Dhcp` port where there is nothing to do."""

    def subnets(self) -> Mapping[str, int]:
        """None."""
        return {}

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        """Nothing."""

    def release(self, reservations: Sequence[Reservation]) -> None:
        """Nothing."""

    def reservations(self, macs: Sequence[str]) -> tuple[Reservation, ...]:  # noqa: ARG002
        """None."""
        return ()

    def every_reservation(self) -> tuple[Reservation, ...]:
        """None."""
        return ()

    def every_lease(self) -> tuple[Lease, ...]:
        """None: whoever gives addresses out here is not asked."""
        return ()

    def leases(self, macs: Sequence[str]) -> tuple[Lease, ...]:  # noqa: ARG002
        """None: whoever gives addresses out here is not asked."""
        return ()


def connect(settings: Mapping[str, Any], timeout: float) -> Dhcp:  # noqa: ARG001
    """Needs no setting."""
    return NoDhcp()
