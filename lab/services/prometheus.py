"""Prometheus: scrapes turnup's metrics and raises the alerts of inventory/prometheus/, sooner than elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from lab import configuration, paths, waiting
from lab.ports import answers, port
from lab.secrets import secret
from lab.services import airflow
from lab.supervisor import Program

NAME = "prometheus"
PATH = "/turnup/metrics"
SOON = "10s"
"""How long a condition has to hold before its alert is raised: elsewhere minutes, that a story would have to wait."""

_ETC, _DATA = paths.ETC / NAME, paths.VAR / NAME
_CONFIG, _RULES, _TOKEN = _ETC / "prometheus.yml", _ETC / "alerts.yaml", _ETC / "token"
_ALERTS = paths.CHECKOUT / "inventory" / "prometheus" / "alerts.yaml"


def metrics_url() -> str:
    """What it scrapes."""
    return f"{airflow.url()}{PATH}"


def connection() -> dict[str, Any]:
    """The Airflow connection that has the scrape token."""
    return {"conn_type": "turnup_metrics", "password": secret("metrics")}


def configure() -> None:
    """Write its configuration, its token and the alerts."""
    _DATA.mkdir(parents=True, exist_ok=True)
    configuration.write(_TOKEN, secret("metrics"))
    content = {
        "global": {"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s"},
        "rule_files": [str(_RULES)],
        "scrape_configs": [
            {
                "job_name": "turnup",
                "metrics_path": PATH,
                "authorization": {"credentials_file": str(_TOKEN)},
                "static_configs": [{"targets": [f"127.0.0.1:{port(airflow.NAME)}"]}],
            },
            {"job_name": NAME, "static_configs": [{"targets": [f"127.0.0.1:{port(NAME)}"]}]},
        ],
    }
    configuration.write(_CONFIG, yaml.safe_dump(content, sort_keys=False))
    rules = yaml.safe_load(_ALERTS.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["for"] = SOON
    configuration.write(_RULES, yaml.safe_dump(rules, sort_keys=False))


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    storage = [f"--storage.tsdb.path={_DATA}", "--storage.tsdb.retention.time=12h", "--storage.tsdb.retention.size=64MB"]
    listen = f"--web.listen-address=127.0.0.1:{port(NAME)}"
    command = [NAME, f"--config.file={_CONFIG}", *storage, listen, "--log.level=warn"]
    return [Program(NAME, command, {"LAB_CONFIG": configuration.digest(_CONFIG, _RULES, _TOKEN)})]


def url() -> str:
    """Where it answers."""
    return f"http://127.0.0.1:{port(NAME)}"


def ready() -> bool:
    """Whether it answers."""
    return answers(port(NAME))


def wait() -> None:
    """Returns when it answers."""
    waiting.until(ready, "Prometheus answers", 60, paths.LOG / f"{NAME}.log")
