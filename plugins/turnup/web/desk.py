"""The one desk of this API server: Airflow's connections, its database and NetBox behind it."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import Annotated

from fastapi import Depends

from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.inventory import NetBoxInventory
from turnup.adapters.policy_files import known_sites, load_policy
from turnup.domain.policy import Site
from turnup.domain.webhooks import Delivery, Ignored
from turnup.orchestration import settings
from turnup.orchestration.granting import Granted, Granting
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.hooks.turnup_webhooks import CONNECTION, Door, WebhooksHook
from turnup.web.deliveries import Desk
from turnup.web.starting import AirflowRuns

TIMEOUT = 10.0
"""Seconds for each call to NetBox, which waits for the answer itself, for a minute by default."""

REMEMBERED = 300
"""Seconds for which turnup's own user is."""


def door() -> Door:
    """What the connection says."""
    return WebhooksHook(CONNECTION, "NetBox's webhooks need").door()


def grant(opened: Door, delivery: Delivery) -> Granted | Ignored:
    """Do what is to be done, with a NetBox client of its own: threads share none."""
    client, own_user = _client(opened.netbox), _own_user(opened.netbox, int(time.monotonic() / REMEMBERED))
    return Granting(NetBoxChanges(client), NetBoxInventory(client), AirflowRuns(), cache(site_of), own_user).answer(delivery)


def site_of(slug: str) -> Site | None:
    """The policy of the site, if there is one. Refused: its file is wrong."""
    folder = settings.inventory_folder()
    return load_policy(folder, slug).site if slug in known_sites(folder) else None


@cache
def desk() -> Desk:
    """Made at the first delivery."""
    return Desk(door, grant)


AtDesk = Annotated[Desk, Depends(desk)]
"""A route's parameter of this type is the desk."""


def _client(netbox: str) -> Client:
    return NetBoxHook(netbox, f"the connection {CONNECTION} names").client(TIMEOUT, agent="turnup-webhooks")


@lru_cache(maxsize=1)
def _own_user(netbox: str, _: int) -> str:
    """Asked for again every `REMEMBERED` seconds. An error is not remembered."""
    return NetBoxChanges(_client(netbox)).own_user()
