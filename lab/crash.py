"""Crashes: a process of the lab ends as in a power cut, all of it at once, and supervisord starts it anew."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from lab import supervisor
from lab.errors import LabError


def of_program(name: str) -> None:
    """Kill a program and everything it started, with no chance to tidy up."""
    os.killpg(supervisor.process(name), signal.SIGKILL)


def of_worker() -> None:
    """Kill a worker of Airflow's executor and the task in it; the scheduler lives on."""
    workers = [process for process in children(supervisor.process("airflow-scheduler")) if children(process)]
    if not workers:
        raise LabError("No worker has a task just now.")
    for process in [*children(workers[0]), workers[0]]:
        os.kill(process, signal.SIGKILL)


def children(process: int) -> list[int]:
    """What a process has started and not lost."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


KINDS: dict[str, Callable[[], None]] = {
    "triggerer": lambda: of_program("airflow-triggerer"),
    "scheduler": lambda: of_program("airflow-scheduler"),
    "worker": of_worker,
    "salt-master": lambda: of_program("salt-master"),
}
"""{what crashes: how}."""
