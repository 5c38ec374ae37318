"""server_adopt: makes live servers known to turnup without touching them. What it does, in order: turnup/flow/adopt.py."""

from __future__ import annotations

from airflow.sdk import DAG

from turnup.flow.adopt import ADOPT
from turnup.orchestration.form import adopt_form
from turnup.orchestration.rendering import render

with DAG(
    dag_id="server_adopt",
    dag_display_name="Adopt servers",
    description="Makes live servers known to turnup, without touching them",
    doc_md="For servers that were `active` before turnup came. Nothing on them is switched, restarted or configured; "
    "they stay `active` whatever happens. Start with *Dry run* to see what NetBox lacks.",
    schedule=None,
    catchup=False,
    max_active_runs=32,
    params=adopt_form(),
    tags=["turnup"],
) as dag:
    render(ADOPT)
