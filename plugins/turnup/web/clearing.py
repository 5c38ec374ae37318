"""A failed task is cleared, with what follows it: what an engineer does in Airflow's UI once the cause is mended.

By the functions that Airflow's REST API clears by; they are not among those that Airflow promises to keep, see `starting.py`.
"""

from __future__ import annotations

import json

from airflow.api_fastapi.common.dagbag import get_dag_for_run
from airflow.exceptions import AirflowClearRunningTaskException
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance, clear_task_instances, find_relevant_relatives
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from turnup.domain.errors import Conflict, Transient
from turnup.domain.plain_text import plain
from turnup.web.orders import ResumeOrder

EVENT = "turnup_resume"
"""In Airflow's audit log."""


class Tasks:
    """Airflow's tasks, in its database."""

    def resume(self, order: ResumeOrder, by: str) -> None:
        """Clear the task. HTTPException 404: there is none. Conflict: it has not failed, or what follows it runs."""
        try:
            with create_session() as session:
                _failed(session, order)
                _clear(session, order)
                session.add(_told(order, by))
        except AirflowClearRunningTaskException:
            raise Conflict(f"What follows {order} of this run is at work just now.", "try again when it has ended.") from None
        except SQLAlchemyError as error:  # it quotes its statement: it is told by its kind
            what = f"Airflow cannot clear a task now: {type(error).__name__}."
            raise Transient(what, "look at the API server's log.") from None


def _failed(session: Session, order: ResumeOrder) -> None:
    """Return where the task has failed: one that goes on is not disturbed, and a second press of the button does nothing."""
    of_task = (
        TaskInstance.dag_id == order.dag_id,
        TaskInstance.run_id == order.run_id,
        TaskInstance.task_id == order.task_id,
        TaskInstance.map_index == order.map_index,
    )
    found = session.execute(select(TaskInstance.state).where(*of_task)).first()
    if found is None:
        raise HTTPException(404, f"The run {plain(order.run_id, 250)} of {order.dag_id} has no task {order}.")
    if found.state != TaskInstanceState.FAILED:
        state = str(found.state or "about to begin")
        raise Conflict(f"{order} of this run has not failed: it is {state}.", "look at the rack again: it has moved on.")


def _clear(session: Session, order: ResumeOrder) -> None:
    run = session.scalar(select(DagRun).where(DagRun.dag_id == order.dag_id, DagRun.run_id == order.run_id))
    if run is None:
        raise HTTPException(404, f"There is no run {plain(order.run_id, 250)} of {order.dag_id}.")
    dag = get_dag_for_run(DBDagBag(), run, session)
    plain_ids = {order.task_id} if order.map_index < 0 else set()
    mapped_ids = {(order.task_id, order.map_index)} if order.map_index >= 0 else set()
    following = find_relevant_relatives(
        plain_ids, mapped_ids, dag=dag, run_id=order.run_id, direction="downstream", session=session
    )
    wanted = [*plain_ids, *mapped_ids, *following]
    found = dag.clear(dry_run=True, task_ids=wanted, run_id=order.run_id, session=session)
    clear_task_instances(list(found), session, DagRunState.QUEUED, prevent_running_task=True)


def _told(order: ResumeOrder, by: str) -> Log:
    return Log(
        event=EVENT,
        dag_id=order.dag_id,
        run_id=order.run_id,
        task_id=order.task_id,
        map_index=order.map_index,
        owner=by,
        owner_display_name=by,
        extra=json.dumps({"from": "the Racks page"}),
    )
