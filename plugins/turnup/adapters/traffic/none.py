"""No load balancer that turnup knows of: who serves is not turnup's business here, so nobody is said to serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnup.adapters.traffic import Backend
from turnup.domain.errors import Refused
from turnup.domain.policy import Pool
from turnup.ports import InPool, Membership, Serving, Target, Traffic


class NoTraffic:
    """The `Traffic` port where no role has a pool."""

    def enter(self, target: Target) -> None:
        """There is nothing to enter."""
        raise Refused(
            f"The role {target.role} has no pool at this site.",
            "name one under `traffic` in the site's file.",
            cause="traffic-pool",
        )

    def drain(self, target: Target) -> None:
        """Nothing."""

    def leave(self, target: Target) -> None:
        """Nothing."""

    def connections(self, target: Target) -> int:  # noqa: ARG002
        """None."""
        return 0

    def state(self, target: Target) -> Membership:  # noqa: ARG002
        """In no pool."""
        return Membership(InPool.ABSENT)

    def serving(self, role: str) -> tuple[Serving, ...]:  # noqa: ARG002
        """Nobody that turnup could know of."""
        return ()


def _connect(settings: Mapping[str, Any], pools: Mapping[str, Pool], timeout: float) -> Traffic:  # noqa: ARG001
    return NoTraffic()


BACKEND = Backend(_connect)
"""Needs no setting."""
