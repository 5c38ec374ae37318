"""A task that nobody has any more is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from airflow.models.taskinstancekey import TaskInstanceKey

from turnup.orchestration.local_executor import ForgivingLocalExecutor

if TYPE_CHECKING:
    from airflow.models import TaskInstance


class LostTask:
    """A task instance in Airflow's database: queued, and with no worker that has it."""

    id = "0198"
    key = TaskInstanceKey("server_install", "boot", "manual__1", 1, 3)


LOST = cast("TaskInstance", LostTask())


def an_executor() -> ForgivingLocalExecutor:
    return ForgivingLocalExecutor(parallelism=1)  # type: ignore[no-untyped-call]  # as Airflow wrote it


def test_a_task_whose_worker_died_before_it_began_can_be_queued_again() -> None:
    executor = an_executor()
    executor.running.add(LostTask.key)
    assert executor.has_task(LOST)
    executor.revoke_task(ti=LOST)
    assert not executor.has_task(LOST)
    assert executor.slots_available == 1


def test_a_task_that_ended_meanwhile_is_forgotten_without_complaint() -> None:
    executor = an_executor()
    executor.revoke_task(ti=LOST)
    executor.success(LostTask.key)
    assert executor.slots_available == 1
