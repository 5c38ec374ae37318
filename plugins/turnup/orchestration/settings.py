"""What is configured in Airflow's own configuration, section `[turnup]`.

`inventory`      folder of the policy files; by default `inventory/` beside the plugins folder
`report_store`   where runs leave their plans and results: a URL of Airflow's object storage, or a folder;
                 by default `$AIRFLOW_HOME/turnup/reports`
`slots`          local folder in which power-ons at once are counted; by default `$AIRFLOW_HOME/turnup/slots`.
                 Triggerers on several machines count together where they share it
"""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk.configuration import conf

from turnup.flow.job import Run

HERE = Path(__file__).resolve()


def inventory_folder() -> Path:
    """The folder with `sites/`, `hardware/` and `netbox/`."""
    return Path(conf.get("turnup", "inventory", fallback=str(HERE.parents[3] / "inventory")))


def report_store() -> str:
    """The report store's URL or folder."""
    return str(conf.get("turnup", "report_store", fallback=f"file://{_home()}/turnup/reports"))


def slots_folder() -> Path:
    """The folder of the slots."""
    return Path(conf.get("turnup", "slots", fallback=str(_home() / "turnup/slots")))


def _home() -> Path:
    return Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()


def run_of(dag_id: str, run_id: str) -> Run:
    """The run, with the page where a person sees it."""
    base = str(conf.get("api", "base_url", fallback="")).rstrip("/")
    return Run(dag_id, run_id, f"{base}/dags/{dag_id}/runs/{run_id}")
