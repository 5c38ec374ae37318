"""The hold is looked at before every row and before the power is touched; what waits for its end goes on by itself."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.domain.holds import LIFTED_BY, covering
from turnup.flow.waiting import Wait, Waiting
from turnup.ports import Inventory

LOOK_EVERY = 15.0
"""Seconds between two looks at a hold that is on."""


def refuse(inventory: Inventory, site: str) -> None:
    """Refused: a hold covers the site, so nothing new begins there."""
    if (hold := covering(inventory.holds(), site)) is not None:
        raise Refused(f"Nothing was begun: {hold}.", LIFTED_BY, cause="on-hold")


def lifted(inventory: Inventory, site: str) -> Waiting[None]:
    """Go on at once where no hold covers the site, else when it is lifted, however long that takes."""
    while (hold := covering(inventory.holds(), site)) is not None:
        never = Refused(f"{hold}.", LIFTED_BY, cause="on-hold")
        yield Wait("the hold to be lifted", float("inf"), never, every=LOOK_EVERY, last=str(hold))
