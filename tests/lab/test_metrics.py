"""Prometheus in the lab sees turnup: its targets are up, every source answers, and a scrape is quick.

What stories do to the numbers, the stories look at.
"""

from __future__ import annotations

import requests

from lab.datacenter import SERVERS, SITE
from tests.lab import prometheus
from tests.lab.conftest import Lab


def scraped(lab: Lab, token: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(lab.endpoints["metrics"]["url"], headers={"Authorization": f"Bearer {token}"}, timeout=20)


def test_every_target_is_up(running_lab: Lab) -> None:
    def up() -> bool:
        targets = prometheus.ask(running_lab, "targets", state="active")["activeTargets"]
        return {one["labels"]["job"]: one["health"] for one in targets} == {"turnup": "up", "prometheus": "up"}

    running_lab.until(up, "Prometheus' targets to be up")


def test_every_source_answers_and_every_server_is_counted(running_lab: Lab) -> None:
    prometheus.until(running_lab, "count(turnup_source_up == 1)", 6)
    prometheus.until(running_lab, f'sum(turnup_servers{{site="{SITE}"}})', len(SERVERS))
    assert set(prometheus.values(running_lab, "turnup_error_budget_left_ratio <= 0")) == set()
    fills = prometheus.values(running_lab, f'turnup_prefix_fill_ratio{{site="{SITE}"}}')
    assert {dict(labels)["role"] for labels in fills} == {"management", "out-of-band"}
    assert all(0 <= fill < 0.5 for fill in fills.values()), fills


def test_a_scrape_takes_less_than_a_second(running_lab: Lab) -> None:
    prometheus.until(running_lab, 'quantile_over_time(0.5, scrape_duration_seconds{job="turnup"}[5m]) < bool 1', 1)


def test_without_the_token_nothing_is_told(running_lab: Lab) -> None:
    token = running_lab.endpoints["metrics"]["token"]
    assert "turnup_servers{" in scraped(running_lab, token).text
    refused = scraped(running_lab, token[:-1])
    assert (refused.status_code, "turnup_" in refused.text) == (401, False)


def test_the_alerts_are_those_of_the_inventory(running_lab: Lab) -> None:
    groups = prometheus.ask(running_lab, "rules")["groups"]
    rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
    assert {"TurnupServerFailed", "TurnupServerStuck", "TurnupErrorBudgetSpent"} <= set(rules)
    assert {rule["health"] for rule in rules.values()} <= {"ok", "unknown"}
    assert not prometheus.values(running_lab, 'ALERTS{alertname="TurnupSourceDown",alertstate="firing"}')
