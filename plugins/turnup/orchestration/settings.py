"""What is configured in Airflow's own configuration, section `[turnup]`.

`inventory`      folder of the policy files; by default `inventory/` beside the plugins folder
`report_store`   where runs leave their plans and results: a URL of Airflow's object storage, or a folder;
                 by default `$AIRFLOW_HOME/turnup/reports`
`slots`          local folder in which power-ons at once are counted; by default `$AIRFLOW_HOME/turnup/slots`.
                 Triggerers on several machines count together where they share it, and look at holds once for all
`assign`         whether approvals are assigned to the people whom policy names (the usual). `False` where the auth manager's
                 ids are not user names (FAB): who may not answer is then refused after answering, not before
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from airflow.sdk.configuration import conf

from turnup.flow.job import Run
from turnup.reporting.identifier import identifier

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


def assigns() -> bool:
    """Whether Airflow is told who may answer an approval."""
    return bool(conf.getboolean("turnup", "assign", fallback=True))


def _home() -> Path:
    return Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()


def base_url() -> str:
    """Where people reach Airflow, without a slash at its end."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def run_of(dag_id: str, run_id: str) -> Run:
    """The run, with the pages where a person sees it and reads its report."""
    base = base_url()
    page = f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
    return Run(dag_id, run_id, page, f"{base}/turnup/reports/{identifier(dag_id, run_id)}")
