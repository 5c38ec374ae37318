"""Airflow's LocalExecutor that lets go of a task whose worker died before the task began; Airflow's own cannot.

A worker takes a task from the queue, then starts it. When it dies in between, nobody has the task: Airflow notices tasks that
died while running, and asks the executor to give back those that stay queued longer than `[scheduler] task_queued_timeout`.
Airflow 3.3's LocalExecutor does not answer that (`revoke_task` is not implemented), so such a task waits until the scheduler
is restarted. Executors that run tasks on other machines (Celery, Kubernetes) need none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.executors.local_executor import LocalExecutor

if TYPE_CHECKING:
    from airflow.models import TaskInstance


class ForgivingLocalExecutor(LocalExecutor):
    """Set `[core] executor = turnup.orchestration.local_executor.ForgivingLocalExecutor`."""

    def revoke_task(self, *, ti: TaskInstance) -> None:
        """Forget the task, so that it can be queued again. Should the old one start nevertheless, Airflow's API refuses it."""
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)
