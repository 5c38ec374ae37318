"""Runs are created inside the API server, by Airflow's own function for it: what its REST API and its `dags trigger` end in.

So the run names the person who wished it, in NetBox or on the Racks page, as the one who started it, which keeps them from
approving it; over REST it would be a service account, whose password would have to be kept and could start anything. When the
answer is sent, the run is in Airflow's database. The function is not among those that Airflow promises to keep: pyproject.toml
holds Airflow below 3.4.
"""

from __future__ import annotations

from airflow.api.common.trigger_dag import trigger_dag
from airflow.exceptions import DagRunAlreadyExists
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.sdk.exceptions import AirflowException
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from turnup.domain.errors import Refused, Transient
from turnup.domain.plain_text import plain
from turnup.domain.wishes import Start
from turnup.ports import NewRun, Started


class AirflowRuns:
    """The Runs port over Airflow's database, which the API server may use."""

    def started(self, dag_id: str, run_id: str) -> tuple[Started, ...]:
        """One query."""
        of_id = or_(DagRun.run_id == run_id, DagRun.run_id.startswith(f"{run_id}__", autoescape=True))
        try:
            with create_session() as session:
                rows = session.execute(select(DagRun.run_id, DagRun.conf).where(DagRun.dag_id == dag_id, of_id)).all()
        except SQLAlchemyError as error:
            raise _away(error) from None
        return tuple(Started(run, tuple((conf or {}).get("servers") or ())) for run, conf in rows)

    def ready(self, dag_id: str) -> None:
        """One query. Airflow's REST API asks the same."""
        try:
            with create_session() as session:
                of_dag = select(DagModel.is_stale, DagModel.has_import_errors).where(DagModel.dag_id == dag_id)
                row = session.execute(of_dag).first()
        except SQLAlchemyError as error:
            raise _away(error) from None
        if row is None or row.is_stale:
            raise Transient(f"Airflow has no DAG {dag_id} now.", "look at Airflow's import errors.")
        if row.has_import_errors:
            raise Transient(f"Airflow cannot import the DAG {dag_id} now.", "look at Airflow's import errors.")

    def paused(self, dag_id: str) -> bool:
        """One query."""
        try:
            with create_session() as session:
                return bool(session.scalar(select(DagModel.is_paused).where(DagModel.dag_id == dag_id)))
        except SQLAlchemyError as error:
            raise _away(error) from None

    def start(self, start: Start) -> bool:
        """Create it, as the person who wished it."""
        note = f"{plain(start.by) or 'Somebody'} set {len(start.servers)} device(s) to {start.wish.after} in NetBox."
        return self.create(NewRun(start.wish.dag_id, start.run_id, start.parameters, start.by, note))

    def create(self, run: NewRun) -> bool:
        """Create it, queued."""
        try:
            trigger_dag(
                dag_id=run.dag_id,
                run_id=run.run_id,
                conf=dict(run.parameters),
                triggered_by=DagRunTriggeredByType.REST_API,
                triggering_user_name=run.by or None,
                note=run.note,
            )
        except (DagRunAlreadyExists, IntegrityError):
            if any(one.run_id == run.run_id for one in self.started(run.dag_id, run.run_id)):
                return False
            raise Transient(f"Airflow did not create a run of {run.dag_id}.") from None
        except ValueError as error:  # Airflow's ParamValidationError is one
            raise Refused(f"{run.dag_id} does not take these parameters: {plain(str(error), 500)}") from None
        except (SQLAlchemyError, AirflowException) as error:
            raise _away(error) from None
        return True


def _away(error: Exception) -> Transient:
    """An error of the database quotes its statement: it is told by its kind."""
    what = type(error).__name__ if isinstance(error, SQLAlchemyError) else str(error)
    return Transient(f"Airflow cannot start a run now: {what}.", "look at the API server's log.")
