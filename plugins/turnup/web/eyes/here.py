"""The eyes as they are in Airflow's API server: its connections, its database, the report store and NetBox behind them."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Annotated

from fastapi import Depends

from turnup.adapters.netbox import census as netbox_census
from turnup.adapters.netbox.changes import NetBoxChanges
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.fleet import NetBoxFleet
from turnup.adapters.policy_files import known_sites, load_policy
from turnup.adapters.report_store import RunRecords
from turnup.domain.census import Fill, Standing, standings
from turnup.domain.errors import Transient, TurnupError
from turnup.domain.policy import Site
from turnup.orchestration import settings
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.hooks.turnup_metrics import CONNECTION, MetricsHook, Tokens
from turnup.orchestration.timekeeping import now
from turnup.reporting.history import Past, read
from turnup.web.deliveries import COUNTS
from turnup.web.eyes import airflow, audit
from turnup.web.eyes.eyes import Eyes, Looks, by_netbox
from turnup.web.eyes.memory import Memory
from turnup.web.watch import Watch

LOG = logging.getLogger("turnup.metrics")

TIMEOUT = 20.0
"""Seconds for each call to NetBox; nobody waits for it."""

FRESH = 10
"""Seconds for which the connection is not read again: a changed token counts so much later."""

_SINCE: dict[str, netbox_census.Since] = defaultdict(netbox_census.Since)


@cache
def eyes() -> Eyes:
    """Made at the first scrape."""
    looks = Looks(
        sites, airflow.look, Memory(past).of, servers, prefixes, lambda: audit.newest(settings.report_store()), lambda: COUNTS
    )
    return Eyes(looks)


Opened = Annotated[Eyes, Depends(eyes)]
"""A route's parameter of this type is the eyes."""


def tokens() -> Tokens:
    """What the connection says, or said some seconds ago. Refused: there is no such connection, or no token in it."""
    return _tokens(int(time.monotonic() / FRESH))


@lru_cache(maxsize=1)
def _tokens(_: int) -> Tokens:
    return MetricsHook(CONNECTION, "scraping /turnup/metrics needs").tokens()


Valid = Annotated[Tokens, Depends(tokens)]
"""A route's parameter of this type is the tokens."""


def sites() -> Mapping[str, Site]:
    """Every site whose file can be read; another's is said in the log, and whoever plans there is told more."""
    folder, found = settings.inventory_folder(), {}
    for slug in known_sites(folder):
        try:
            found[slug] = load_policy(folder, slug).site
        except TurnupError as error:
            LOG.warning("%s", error)
    return found


def past(dag_id: str, run_id: str, going_on: bool) -> Past:
    """One run's history."""
    return read(RunRecords(settings.report_store(), dag_id, run_id), settings.run_of(dag_id, run_id), now(), going_on=going_on)


def servers(known: Mapping[str, Site]) -> tuple[Standing, ...]:
    """Of every site's NetBox. Transient: one of them does not answer."""
    return tuple(one for name, of in by_netbox(known).items() for one in _standings(name, of))


def _standings(netbox: str, of: Mapping[str, Site]) -> tuple[Standing, ...]:
    watch = _watch(netbox)
    watch.look()
    seen = watch.settle()
    if seen.fleet is None or seen.error:
        raise Transient(seen.error or "NetBox was not read yet.")
    devices = [one for one in seen.fleet.devices.values() if one.site in of]
    return standings(seen.fleet, of, _SINCE[netbox].of(NetBoxChanges(_client(netbox)), devices))


@cache
def _watch(netbox: str) -> Watch:
    return Watch(lambda: NetBoxFleet(_client(netbox)))


def prefixes(known: Mapping[str, Site]) -> tuple[Fill, ...]:
    """Of every site's NetBox."""
    return tuple(one for name, of in by_netbox(known).items() for one in netbox_census.fills(_client(name), of))


def _client(netbox: str) -> Client:
    return NetBoxHook(netbox, "a site's file names").client(TIMEOUT, agent="turnup-metrics")
