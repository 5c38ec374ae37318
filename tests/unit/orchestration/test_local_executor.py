"""A task that nobody has any more is given back."""

from __future__ import annotations

from airflow.models.taskinstancekey import TaskInstanceKey

from turnup.orchestration.local_executor import ForgivingLocalExecutor


class LostTask:
    """A task instance in Airflow's database: queued, and with no worker that has it."""

    id = "0198"
    key = TaskInstanceKey("server_install", "boot", "manual__1", 1, 3)


def test_a_task_whose_worker_died_before_it_began_can_be_queued_again() -> None:
    executor = ForgivingLocalExecutor(parallelism=1)
    executor.running.add(LostTask.key)
    assert executor.has_task(LostTask())
    executor.revoke_task(ti=LostTask())
    assert not executor.has_task(LostTask())
    assert executor.slots_available == 1


def test_a_task_that_ended_meanwhile_is_forgotten_without_complaint() -> None:
    executor = ForgivingLocalExecutor(parallelism=1)
    executor.revoke_task(ti=LostTask())
    executor.success(LostTask.key)
    assert executor.slots_available == 1
