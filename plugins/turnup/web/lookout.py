"""The one sight of this API server: Airflow's connections, its database, the policy files and the report store behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from typing import Annotated

from fastapi import Depends

from turnup.adapters.netbox.fleet import NetBoxFleet
from turnup.adapters.policy_files import known_sites
from turnup.domain.errors import TurnupError
from turnup.domain.policy import Site
from turnup.orchestration import settings
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.web.course import Course
from turnup.web.desk import site_of
from turnup.web.kept_causes import KeptCauses
from turnup.web.sight import Sight
from turnup.web.store import store
from turnup.web.watch import Watch

NETBOX = "netbox_default"
"""The connection where no site's file names one."""

TIMEOUT = 30.0
"""Seconds for each call to NetBox: nobody waits for it."""

REMEMBERED = 30
"""Seconds for which a site's policy is."""


def facts() -> NetBoxFleet:
    """The NetBox that the sites' files name; of several the first, by name."""
    named = sorted({policy.netbox for policy in _readable()})
    return NetBoxFleet(NetBoxHook(named[0] if named else NETBOX, "inventory/sites/ names").client(TIMEOUT, agent="turnup-racks"))


def _readable() -> Iterator[Site]:
    """Sites' policies; one that is wrong is told of on its site."""
    for slug in known_sites(settings.inventory_folder()):
        with suppress(TurnupError):
            if policy := site_of(slug):
                yield policy


@lru_cache(maxsize=256)
def _policy(site: str, _: int) -> Site | None:
    """Read anew every `REMEMBERED` seconds. An error is not remembered."""
    return site_of(site)


@cache
def sight() -> Sight:
    """Made at the first look."""
    policy = lambda site: _policy(site, int(time.monotonic() / REMEMBERED))  # noqa: E731
    return Sight(Watch(facts), Course(), policy, KeptCauses(store()))


InSight = Annotated[Sight, Depends(sight)]
"""A route's parameter of this type is the one of this process."""
