"""The eyes of this API server: its sources, how often each is looked at, and one exposition of what all of them saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from turnup.domain.census import Fill, Standing
from turnup.domain.policy import Site
from turnup.web.eyes import exposition
from turnup.web.eyes.airflow import AirflowRun, Seen
from turnup.web.eyes.audit import Counted
from turnup.web.eyes.exposition import Health
from turnup.web.eyes.memory import Remembered
from turnup.web.eyes.source import Source

PATIENCE = 0.4
"""Seconds that a scrape waits for looks that it began: what is quick is new, what is slow is what was seen before."""

EVERY = {"policy": 60, "airflow": 5, "history": 15, "netbox": 30, "prefixes": 300, "audit": 60}
"""Seconds between two looks at a source, at least."""


@dataclass(frozen=True)
class Looks:
    """How each source is looked at. `servers` and `prefixes` are of all sites' NetBoxes; `history` of these runs."""

    policy: Callable[[], Mapping[str, Site]]
    airflow: Callable[[], Seen]
    history: Callable[[tuple[AirflowRun, ...]], Remembered]
    netbox: Callable[[Mapping[str, Site]], tuple[Standing, ...]]
    prefixes: Callable[[Mapping[str, Site]], tuple[Fill, ...]]
    audit: Callable[[], Counted | None]
    deliveries: Callable[[], Mapping[tuple[str, str], int]]


class Eyes(Collector):
    """Collects whatever is known; what no source has seen yet is left out, and `turnup_source_up` says so."""

    def __init__(self, looks: Looks, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._looks = looks
        self._clock = clock
        self._policy = Source("policy", looks.policy, EVERY["policy"])
        self._airflow = Source("airflow", looks.airflow, EVERY["airflow"])
        self._history = Source("history", lambda: looks.history(self._runs()), EVERY["history"])
        self._netbox = Source("netbox", lambda: looks.netbox(self._sites()), EVERY["netbox"])
        self._prefixes = Source("prefixes", lambda: looks.prefixes(self._sites()), EVERY["prefixes"])
        self._audit = Source("audit", looks.audit, EVERY["audit"])
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    @property
    def _sources(self) -> tuple[Source[Any], ...]:
        return (self._policy, self._airflow, self._history, self._netbox, self._prefixes, self._audit)

    def text(self) -> bytes:
        """Everything in Prometheus' text format, after `PATIENCE` at most."""
        return generate_latest(self._registry)

    def look(self, seconds: float = PATIENCE) -> None:
        """Begin the looks that are due, and wait so long for them."""
        begun = [future for source in self._sources if (future := source.glance()) is not None]
        wait(begun, timeout=seconds)

    def collect(self) -> Iterator[Family]:
        """Every metric of which something is known."""
        self.look()
        now, sites = self._clock(), self._sites()
        servers, airflow = self._netbox.seen().value, self._airflow.seen().value
        if servers is not None:
            yield from exposition.fleet(servers, sites, now)
        if airflow is not None:
            yield from exposition.runs(airflow, sites)
            yield from exposition.unattended(servers or (), airflow.claims)
        if (past := self._history.seen().value) is not None:
            yield from exposition.history(past, sites, now)
        if (fills := self._prefixes.seen().value) is not None:
            yield from exposition.prefixes(fills)
        yield from exposition.audit(self._audit.seen().value, now)
        yield from exposition.webhooks(self._looks.deliveries())
        health = {source.name: source.seen() for source in self._sources}
        yield from exposition.sources({name: Health(one.up, one.age) for name, one in health.items()})

    def _sites(self) -> Mapping[str, Site]:
        return self._policy.seen().value or self._looks.policy()

    def _runs(self) -> tuple[AirflowRun, ...]:
        return (self._airflow.seen().value or self._looks.airflow()).runs


def by_netbox(sites: Mapping[str, Site]) -> Mapping[str, Mapping[str, Site]]:
    """{connection: its sites}: a NetBox is asked once for all of its own."""
    found: dict[str, dict[str, Site]] = defaultdict(dict)
    for slug, site in sites.items():
        found[site.netbox][slug] = site
    return found
