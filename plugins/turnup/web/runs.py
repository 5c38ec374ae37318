"""What Airflow knows of a run, asked from its database: the API server is the process that may."""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select

GOING_ON = ("queued", "running")


class Runs:
    """Airflow's runs."""

    def goes_on(self, dag_id: str, run_id: str) -> bool:
        """Whether the run has not ended. One that Airflow knows no more has."""
        with create_session() as session:
            state = session.scalar(select(DagRun.state).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        return str(state) in GOING_ON
