"""Every metric: its name, kind, labels and meaning. The endpoint, docs/metrics.md, alerts and dashboard all go by this table.

Labels take few values: what policy, the flows and the tables of causes and checks have; never a server, a person or a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True)
class Metric:
    """One metric. A counter's name ends with `_total`."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query may use."""
        endings = ("_bucket", "_count", "_sum") if self.kind == "histogram" else ("",)
        return tuple(f"{self.name}{ending}" for ending in endings)


_ALL = (
    Metric("turnup_servers", "gauge", "Servers of turnup's in NetBox by status.", ("site", "state")),
    Metric("turnup_servers_failed", "gauge", "Servers that are failed, by the cause in NetBox.", ("site", "rack", "cause")),
    Metric(
        "turnup_servers_unattended",
        "gauge",
        "Servers that are staged or decommissioning while no run of theirs goes on.",
        ("site", "rack", "state"),
    ),
    Metric(
        "turnup_state_oldest_seconds",
        "gauge",
        "How long the server that is in this passing state for longest is in it.",
        ("site", "rack", "state"),
    ),
    Metric("turnup_prefix_fill_ratio", "gauge", "How full a prefix is, from 0 to 1.", ("site", "prefix", "role")),
    Metric("turnup_runs", "gauge", "Runs that Airflow knows, by state.", ("dag_id", "state")),
    Metric("turnup_run_ended_seconds", "gauge", "Seconds since the last run ended in this state.", ("dag_id", "state")),
    Metric("turnup_rows_at_work", "gauge", "Tasks of a row that are at work or wait.", ("dag_id", "site", "row")),
    Metric("turnup_row_oldest_seconds", "gauge", "How long the row's oldest task is at work.", ("dag_id", "site", "row")),
    Metric("turnup_approvals_waiting", "gauge", "Approvals that nobody has given yet.", ("dag_id", "site")),
    Metric("turnup_approval_oldest_seconds", "gauge", "How long the oldest of them waits.", ("dag_id", "site")),
    Metric(
        "turnup_row_seconds",
        "histogram",
        "How long tries of a row took that were done; no generation: a row for a whole rack.",
        ("row", "generation"),
    ),
    Metric("turnup_row_failures_total", "counter", "Rows that failed for good, by cause.", ("dag_id", "site", "row", "cause")),
    Metric(
        "turnup_recent_servers",
        "gauge",
        "Servers whose part of a run ended within a day, each once, as it ended last: done or failed.",
        ("site", "generation", "outcome"),
    ),
    Metric(
        "turnup_burn_in_verdicts_total",
        "counter",
        "Figures of burn-ins as they were judged.",
        ("generation", "test", "figure", "outcome"),
    ),
    Metric(
        "turnup_error_budget_left_ratio",
        "gauge",
        "What is left of the error budget, from 1 to 0; at 0 no run starts by itself.",
        ("site", "generation"),
    ),
    Metric("turnup_webhook_deliveries_total", "counter", "Webhook deliveries since this process began.", ("outcome", "reason")),
    Metric("turnup_audit_findings", "gauge", "What the newest audit found.", ("check", "severity")),
    Metric("turnup_audit_not_checked", "gauge", "Checks that the newest audit could not do.", ("check",)),
    Metric("turnup_audit_age_seconds", "gauge", "Seconds since the newest audit ended."),
    Metric("turnup_source_up", "gauge", "Whether the last look at a source of these numbers succeeded.", ("source",)),
    Metric("turnup_source_age_seconds", "gauge", "How old the numbers of a source are.", ("source",)),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""{name: metric}."""
