"""server_decommission: takes live servers out, wiped and proven. What it does, in order: turnup/flow/decommission.py."""

from __future__ import annotations

from airflow.sdk import DAG

from turnup.flow.decommission import DECOMMISSION
from turnup.orchestration.form import decommission_form
from turnup.orchestration.rendering import render

with DAG(
    dag_id="server_decommission",
    dag_display_name="Decommission servers",
    description="Takes live servers out: drained, wiped, proven, released",
    doc_md="Start with *Dry run* to see what would be destroyed. Nothing is touched before somebody else approves exactly that. "
    "Until a server's wipe begins, *Abort servers* puts it back into service; after that nothing brings it back.",
    schedule=None,
    catchup=False,
    max_active_runs=32,
    params=decommission_form(),
    tags=["turnup"],
) as dag:
    render(DECOMMISSION)
