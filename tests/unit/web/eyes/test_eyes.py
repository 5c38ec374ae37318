"""What the endpoint tells: every metric of the catalogue and no other, few labels, at once, and only to who has the token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.web.eyes import seen
from turnup.adapters.report_store import RunRecords
from turnup.domain.audits import DAG, Age, Audit, Told
from turnup.domain.errors import Refused, Transient
from turnup.domain.findings import Severity
from turnup.orchestration.hooks.turnup_metrics import Tokens
from turnup.reporting import audits
from turnup.web.app import application
from turnup.web.eyes import audit, here
from turnup.web.eyes.catalogue import METRICS
from turnup.web.eyes.eyes import Eyes

TOKEN, OLD = "t" * 32, "o" * 32
PATH = "/metrics"

type Values = dict[tuple[str, ...], float]


def values(eyes: Eyes) -> dict[str, Values]:
    """{series: {(value of each label, ...): value}}."""
    eyes.look(10)
    return parsed(eyes.text().decode())


def parsed(text: str) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            metric = METRICS[f"{family.name}_total" if family.type == "counter" else family.name]
            labels = (*metric.labels, "le") if "le" in sample.labels else metric.labels
            found.setdefault(sample.name, {})[tuple(sample.labels.get(label, "") for label in labels)] = sample.value
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, Values]:
    return values(seen.eyes())


def test_it_tells_every_metric_of_the_catalogue_and_no_other(found: dict[str, Values]) -> None:
    assert set(found) == {series for metric in METRICS.values() for series in metric.series}


def test_names_and_kinds_are_as_prometheus_wants_them() -> None:
    for metric in METRICS.values():
        assert metric.name.startswith("turnup_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.help.endswith(".")


def test_labels_are_those_of_the_catalogue_and_never_a_server_a_person_or_a_run() -> None:
    eyes = seen.eyes()
    eyes.look(10)
    for family in text_string_to_metric_families(eyes.text().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert family.type == METRICS[name].kind
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(METRICS[name].labels), sample
            assert not {"a1", "a2", "one", "two"} & set(sample.labels.values())
    assert not {"server", "run_id", "user"} & {label for metric in METRICS.values() for label in metric.labels}


def test_servers_are_counted_by_state_also_where_there_is_none(found: dict[str, Values]) -> None:
    servers = found["turnup_servers"]
    assert (servers["here", "active"], servers["here", "staged"], servers["here", "failed"]) == (1, 2, 2)
    assert servers["here", "offline"] == 0
    assert found["turnup_servers_failed"] == {("here", "B", "bmc-silent"): 1, ("here", "B", "other"): 1}
    assert found["turnup_servers_unattended"] == {("here", "A", "staged"): 1}
    assert found["turnup_state_oldest_seconds"] == {("here", "A", "staged"): 700, ("here", "B", "failed"): 500}


def test_runs_rows_and_approvals_are_those_of_airflow_and_a_site_without_policy_is_no_label(found: dict[str, Values]) -> None:
    assert found["turnup_rows_at_work"] == {("server_install", "here", "boot"): 2, ("server_install", "", "boot"): 1}
    assert found["turnup_row_oldest_seconds"]["server_install", "here", "boot"] == 90
    waiting = found["turnup_approvals_waiting"]
    assert waiting == {("server_install", "here"): 1, ("server_decommission", "here"): 0}
    assert found["turnup_approval_oldest_seconds"] == {("server_install", "here"): 3600}


def test_what_runs_did_is_counted(found: dict[str, Values]) -> None:
    buckets = {labels: value for labels, value in found["turnup_row_seconds_bucket"].items() if labels[0] == "boot"}
    assert [buckets["boot", "g1", limit] for limit in ("5.0", "10.0", "600.0", "1800.0", "+Inf")] == [0, 1, 1, 2, 2]
    assert found["turnup_row_seconds_sum"]["boot", "g1"] == 707
    assert found["turnup_row_seconds_count"]["claim", ""] == 1
    assert found["turnup_row_failures_total"] == {("server_install", "here", "boot", "bmc-silent"): 1}
    assert found["turnup_recent_servers"] == {("here", "g1", "done"): 1, ("here", "g1", "failed"): 1}
    assert found["turnup_error_budget_left_ratio"] == {("here", "g1"): 0.75}


def test_prefixes_audit_and_webhooks_are_told(found: dict[str, Values]) -> None:
    assert found["turnup_prefix_fill_ratio"] == {("here", "10.0.1.0/24", "management"): 0.5}
    assert found["turnup_audit_findings"] == {("duplicate-address", "warning"): 2}
    assert (found["turnup_audit_not_checked"], found["turnup_audit_age_seconds"]) == ({("salt-keys",): 1}, {(): 120})
    deliveries = found["turnup_webhook_deliveries_total"]
    assert (deliveries["accepted", "new"], deliveries["refused", "signature"], deliveries["refused", "busy"]) == (3, 1, 0)


def test_while_netbox_is_away_what_it_said_before_is_told_and_that_it_is_away() -> None:
    away = Transient("NetBox is away.")
    answers = iter([seen.SERVERS])

    def netbox(_: object) -> object:
        try:
            return next(answers)
        except StopIteration:
            raise away from None

    eyes = seen.eyes(netbox=netbox)
    assert values(eyes)["turnup_source_up"]["netbox",] == 1
    eyes._netbox._due = 0.0
    again = values(eyes)
    assert again["turnup_source_up"]["netbox",] == 0
    assert again["turnup_servers"]["here", "staged"] == 2


@pytest.mark.parametrize("source", ["airflow", "history", "netbox", "prefixes", "audit"])
def test_what_was_never_seen_is_left_out_and_the_rest_is_told(source: str) -> None:
    def away(*_: object) -> None:
        raise Transient("It is away.")

    told = values(seen.eyes(**{source: away}))
    assert told["turnup_source_up"][source,] == 0
    assert (source,) not in told["turnup_source_age_seconds"]
    assert told["turnup_webhook_deliveries_total"]


def test_a_scrape_does_not_wait_for_a_source_that_hangs() -> None:
    gate = Event()
    eyes = seen.eyes(netbox=lambda _: gate.wait(20) and seen.SERVERS)
    began = time.monotonic()
    told = parsed(eyes.text().decode())
    took = time.monotonic() - began
    gate.set()
    assert took < 5
    assert "turnup_servers" not in told
    assert told["turnup_source_up"]["netbox",] == 0


def test_an_audit_s_report_is_counted_by_check_and_severity(tmp_path: Path) -> None:
    assert audit.newest(str(tmp_path)) is None
    told = Told("1", "a", Severity.WARNING, "here", "x", "", "", "", "", Age.NEW, "2026-11-22")
    why = {"b": "Salt is away.", "c": "Kea is."}
    made = Audit("1", "run", "", "", "2026-11-22T08:00:00+00:00", findings=(told, replace(told, id="2")))
    made = replace(made, not_checked=tuple(why), why_not=why)
    audits.write(RunRecords(str(tmp_path), DAG, "run"), made)
    found = audit.newest(str(tmp_path))
    assert found == audit.Counted("2026-11-22T08:00:00+00:00", {("a", "warning"): 2}, {("b",): 1, ("c",): 1})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = application()
    eyes = seen.eyes()
    app.dependency_overrides |= {here.eyes: lambda: eyes, here.tokens: lambda: Tokens((TOKEN, OLD))}
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize("token", [TOKEN, OLD])
def test_who_has_the_token_is_told(client: TestClient, token: str) -> None:
    answer = client.get(PATH, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE turnup_servers gauge" in answer.text


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer é"])
def test_without_it_nobody_is_told_anything(client: TestClient, sent: str) -> None:
    answer = client.get(PATH, headers={"authorization": sent.encode()} if sent else {})
    assert (answer.status_code, answer.json()) == (401, {"detail": "The scrape token is missing or wrong."})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_connection_nobody_is_told_anything_and_it_is_said_what_to_do() -> None:
    def none() -> Tokens:
        raise Refused("There is no Airflow connection 'turnup_metrics_default'.", "add it.", cause="connection-missing")

    app = application()
    app.dependency_overrides |= {here.eyes: seen.eyes, here.tokens: none}
    answer = TestClient(app, raise_server_exceptions=False).get(PATH)
    assert answer.status_code == 409
    assert "turnup_servers" not in answer.text
