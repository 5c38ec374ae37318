"""fleet_audit: what NetBox intends beside what is there, every night. What it looks for, one file a check: turnup/checks."""

from __future__ import annotations

from airflow.sdk import DAG

from turnup.orchestration.form import audit_form
from turnup.orchestration.rendering import render_audit

with DAG(
    dag_id="fleet_audit",
    dag_display_name="Audit the fleet",
    description="Finds what is not as NetBox intends, and says what to do",
    doc_md="Changes nothing, unless *Fix* names checks whose safe fixes are wanted, or somebody is asked and says yes. "
    "The report has every finding, why it matters and what to do; the newest is at `/turnup/api/audits/latest`.",
    schedule="23 3 * * *",
    catchup=False,
    max_active_runs=4,
    params=audit_form(),
    tags=["turnup"],
) as dag:
    render_audit()
