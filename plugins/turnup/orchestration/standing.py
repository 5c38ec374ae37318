"""Whether another run goes on, as Airflow says. That Airflow did not answer never reads as the end of a run."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from airflow.sdk.exceptions import AirflowRuntimeError

from turnup.domain.errors import Transient

RUNNING = ("queued", "running")


def goes_on(ti: Any, dag_id: str, run_id: str) -> bool:
    """Asked through the task instance `ti`. One that Airflow knows no more has ended. Transient: Airflow did not say."""
    try:
        return str(ti.get_dagrun_state(dag_id, run_id)) in RUNNING
    except AirflowRuntimeError as error:
        detail = error.error.detail
        if isinstance(detail, dict) and detail.get("status_code") == HTTPStatus.NOT_FOUND:
            return False
        raise Transient(
            f"Airflow did not say whether the run {dag_id}/{run_id} goes on: {error}",
            "look at the API server's log.",
            cause="airflow-unavailable",
        ) from error
