"""notices: sends what people want to be told, each notice by a run of its own. Who asks: turnup/orchestration/noticing.py."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from turnup.orchestration.telling import NoticeOperator

with DAG(
    dag_id="notices",
    dag_display_name="Send notices",
    description="Tells a chat, or people by e-mail, what happened to a run",
    doc_md="Nobody has to start it: the tasks of turnup's other DAGs do, when there is something to tell. A run of it that "
    "failed is a notice that a channel did not take; clear its task to send it there once more.",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,  # paused, it would keep every notice to itself
    max_active_runs=32,
    tags=["turnup"],
) as dag:
    NoticeOperator(
        task_id="send",
        doc="to every channel that did not take it yet",
        retries=4,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=True,
        execution_timeout=timedelta(minutes=5),
        max_active_tis_per_dag=1,
    )
