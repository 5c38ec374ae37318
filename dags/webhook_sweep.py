"""webhook_sweep: every five minutes, starts the runs whose webhook got lost. How: turnup/orchestration/sweeping.py."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from turnup.orchestration.sweeping import SweepOperator

with DAG(
    dag_id="webhook_sweep",
    dag_display_name="Sweep for lost webhooks",
    description="Starts the runs whose webhook got lost",
    doc_md="Looks in NetBox for statuses that people set and that started nothing, as if they had just been delivered. "
    "It does nothing where webhooks are not set up. What it finds is in the log of its task.",
    schedule=timedelta(minutes=5),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=10),
    tags=["turnup"],
) as dag:
    SweepOperator(task_id="sweep", execution_timeout=timedelta(minutes=5), doc="look, and deliver again")
