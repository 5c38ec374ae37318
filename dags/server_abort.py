"""server_abort: undoes what a run did to servers, back to `planned`, or to `active`; breaks the claim of a run that has ended."""

from __future__ import annotations

from airflow.sdk import DAG

from turnup.orchestration.form import abort_form
from turnup.orchestration.rendering import render_abort

with DAG(
    dag_id="server_abort",
    dag_display_name="Abort servers",
    description="Undoes what a run did to servers; they are planned again, or in service again",
    doc_md="For servers that are `staged` or `failed`: they are `planned` again. For servers that are `decommissioning` and "
    "whose wipe has not begun: they are `active` and in service again. A run that goes on is refused: end it first.",
    schedule=None,
    catchup=False,
    max_active_runs=32,
    params=abort_form(),
    tags=["turnup"],
) as dag:
    render_abort()
