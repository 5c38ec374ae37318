"""Holds: somebody says stop. While one covers a site, no run starts there and no row that changes something begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOLD_TAG = "turnup-hold"
"""The NetBox tag that a person puts on a site."""

LIFTED_BY = f"whoever set it takes the tag {HOLD_TAG} off the site in NetBox; what waits goes on by itself."


@dataclass(frozen=True)
class Hold:
    """A hold on a site (slug), or on `all_sites` wherever it is set, and why."""

    site: str
    reason: str = ""
    all_sites: bool = False

    def __str__(self) -> str:
        what = f"every site (set at {self.site})" if self.all_sites else f"site {self.site}"
        return f"{what} is on hold: {self.reason or 'no reason is given'}"


def covering(holds: Sequence[Hold], site: str) -> Hold | None:
    """The hold that covers the site, one for all sites first."""
    return next((hold for hold in sorted(holds, key=lambda one: not one.all_sites) if hold.all_sites or hold.site == site), None)
