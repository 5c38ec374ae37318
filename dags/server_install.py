"""server_install: takes the servers of a rack from `planned` to `active`. What it does, in order: turnup/flow/install.py."""

from __future__ import annotations

from airflow.sdk import DAG

from turnup.flow.install import INSTALL
from turnup.orchestration.form import install_form
from turnup.orchestration.rendering import render

with DAG(
    dag_id="server_install",
    dag_display_name="Install servers",
    description="Takes the servers of a rack from planned to active",
    doc_md="Start with *Dry run* to see the plan. One server that fails stops alone; mend it, then clear its task to go on.",
    schedule=None,
    catchup=False,
    max_active_runs=32,
    params=install_form(),
    tags=["turnup"],
) as dag:
    render(INSTALL)
