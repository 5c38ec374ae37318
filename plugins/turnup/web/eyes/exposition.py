"""What the sources saw, as metrics of the catalogue. Pure: every number comes from a value that somebody read before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from turnup.domain.causes import CAUSES
from turnup.domain.census import PASSING, UNDER_A_RUN, Fill, Standing
from turnup.domain.error_budget import Ending, budgets
from turnup.domain.policy import Site
from turnup.domain.states import Status
from turnup.reporting.history import OTHER
from turnup.web.eyes.airflow import Row, Seen
from turnup.web.eyes.audit import Counted
from turnup.web.eyes.catalogue import METRICS
from turnup.web.eyes.memory import BUCKETS, Remembered, Totals

RECENT = timedelta(days=1)
"""What counts as recent in `turnup_recent_servers`."""

ASKS = ("server_install", "server_decommission")
"""DAGs that wait for approvals."""

type Values = Mapping[Any, float]
"""{(value of each label, ...): value}."""


def family(name: str, values: Values) -> Family:
    """A gauge or a counter of the catalogue."""
    metric = METRICS[name]
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    made = kind(name, metric.help, labels=metric.labels)
    for labels, value in sorted(values.items()):
        made.add_metric(labels, value)
    return made


def fleet(servers: Iterable[Standing], sites: Collection[str], now: datetime) -> Iterator[Family]:
    """Servers by state, and those that are where no server should stay."""
    states: Counter[tuple[str, ...]] = Counter({(site, state): 0 for site in sites for state in Status})
    causes: Counter[tuple[str, ...]] = Counter()
    oldest: dict[tuple[str, ...], float] = {}
    for one in servers:
        states[one.site, one.state] += 1
        if one.state == Status.FAILED:
            causes[one.site, one.rack, one.cause if one.cause in CAUSES else OTHER] += 1
        if one.state in PASSING:
            key = one.site, one.rack, one.state
            oldest[key] = max(oldest.get(key, 0.0), seconds_since(one.since, now))
    yield family("turnup_servers", states)
    yield family("turnup_servers_failed", causes)
    yield family("turnup_state_oldest_seconds", oldest)


def unattended(servers: Iterable[Standing], claims: Collection[str]) -> Iterator[Family]:
    """Servers that a run should be at work on. `claims` are those of runs that go on."""
    alone: Counter[tuple[str, ...]] = Counter()
    for one in servers:
        if one.state in UNDER_A_RUN and one.claim not in claims:
            alone[one.site, one.rack, one.state] += 1
    yield family("turnup_servers_unattended", alone)


def prefixes(fills: Iterable[Fill]) -> Iterator[Family]:
    """How full they are."""
    yield family("turnup_prefix_fill_ratio", {(one.site, one.prefix, one.role): one.share for one in fills})


def runs(seen: Seen, sites: Collection[str]) -> Iterator[Family]:
    """Airflow's runs, rows at work, and what waits for an answer."""
    yield family("turnup_runs", seen.states)
    yield family("turnup_run_ended_seconds", seen.ended)
    yield from _rows("turnup_rows_at_work", "turnup_row_oldest_seconds", _by_row(seen.at_work, sites))
    asking: dict[tuple[str, ...], list[float]] = {(dag, site): [] for dag in ASKS for site in sites}
    for one in seen.asking:
        asking.setdefault((one.dag_id, _known(one.site, sites)), []).append(one.seconds)
    yield from _rows("turnup_approvals_waiting", "turnup_approval_oldest_seconds", asking)


def _by_row(rows: Iterable[Row], sites: Collection[str]) -> dict[tuple[str, ...], list[float]]:
    found: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for one in rows:
        found[one.dag_id, _known(one.site, sites), one.row].append(one.seconds)
    return found


def _rows(count: str, oldest: str, found: Mapping[tuple[str, ...], list[float]]) -> Iterator[Family]:
    yield family(count, {key: len(seconds) for key, seconds in found.items()})
    yield family(oldest, {key: max(seconds) for key, seconds in found.items() if seconds})


def history(past: Remembered, sites: Mapping[str, Site], now: datetime) -> Iterator[Family]:
    """What runs did, and what that leaves of the error budgets."""
    totals = past.totals
    failed: Counter[tuple[str, ...]] = Counter()
    for (dag, site, row, cause), count in totals.failed.items():
        failed[dag, _known(site, sites), row, cause] += count
    yield family("turnup_row_failures_total", failed)
    yield family("turnup_burn_in_verdicts_total", totals.found)
    yield _durations(totals)
    yield family("turnup_recent_servers", _recent(past.endings, sites, now))
    left = {
        (budget.site, budget.generation): budget.left
        for slug, site in sites.items()
        if site.error_budget is not None
        for budget in budgets(slug, past.endings, site.error_budget, now)
    }
    yield family("turnup_error_budget_left_ratio", left)


def _durations(totals: Totals) -> Family:
    metric = METRICS["turnup_row_seconds"]
    made = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for (row, generation), seconds in sorted(totals.seconds.items()):
        cumulated, buckets = 0, []
        for number, limit in enumerate((*map(str, map(float, BUCKETS)), "+Inf")):
            cumulated += totals.took[row, generation, number]
            buckets.append((limit, cumulated))
        made.add_metric((row, generation), buckets, seconds)
    return made


def _recent(endings: Iterable[Ending], sites: Collection[str], now: datetime) -> Values:
    since = (now - RECENT).astimezone(UTC)
    last: dict[tuple[str, str], Ending] = {}
    for one in endings:
        before = last.get((one.site, one.server))
        if one.site in sites and datetime.fromisoformat(one.at) >= since and (before is None or before.at <= one.at):
            last[one.site, one.server] = one
    counts: Counter[tuple[str, ...]] = Counter()
    for one in last.values():
        for outcome in ("done", "failed"):
            counts[one.site, one.generation, outcome] += one.failed == (outcome == "failed")
    return counts


def audit(newest: Counted | None, now: datetime) -> Iterator[Family]:
    """What the newest audit found; nothing where there was none."""
    if newest is not None:
        yield family("turnup_audit_findings", newest.findings)
        yield family("turnup_audit_not_checked", newest.not_checked)
        yield family("turnup_audit_age_seconds", {(): seconds_since(newest.finished_at, now)})


@dataclass(frozen=True)
class Health:
    """How one source is: whether the last look succeeded, and how old what it saw is; None where it never saw anything."""

    up: bool
    age: float | None


def sources(health: Mapping[str, Health]) -> Iterator[Family]:
    """How the sources of all these are."""
    yield family("turnup_source_up", {(name,): one.up for name, one in health.items()})
    yield family("turnup_source_age_seconds", {(name,): one.age for name, one in health.items() if one.age is not None})


DELIVERIES = {
    "accepted": ("new", "known"),
    "refused": ("signature", "too-large", "cut-off", "content-type", "senseless", "busy", "unavailable", "not-now", "defect"),
}
"""Counted from 0, so that the first one is seen as one more."""


def webhooks(counts: Mapping[tuple[str, str], int]) -> Iterator[Family]:
    """Deliveries since this process began."""
    known = {(outcome, reason): 0 for outcome, reasons in DELIVERIES.items() for reason in reasons}
    yield family("turnup_webhook_deliveries_total", {**known, **counts})


def seconds_since(at: str, now: datetime) -> float:
    """Seconds; 0 for a time that is none, or lies ahead."""
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    return max(0.0, (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())


def _known(site: str, sites: Collection[str]) -> str:
    """A site is whatever somebody typed into a form: as a label it is one that has a policy, or none."""
    return site if site in sites else ""
