"""Everything an audit of one site may ask, and what its fixes may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from turnup.domain.facts import Device
from turnup.ports import BootFiles, ConfigManagement, Dhcp, Inventory
from turnup.sources import Bmcs, Claims, Doors, Estates, SaltMaster, Setup

Trial = Callable[[Device], Mapping[str, Any] | None]
"""What a server's states were run with last (`state.sls`'s keywords); None where nobody knows."""


@dataclass(frozen=True)
class Reach:
    """One site's services. Each is used by one thread at a time."""

    estates: Estates
    setup: Setup
    dhcp: Dhcp
    master: SaltMaster
    salt: ConfigManagement
    bmcs: Bmcs
    doors: Doors
    boot_files: BootFiles
    claims: Claims
    inventory: Inventory
    trial: Trial
