"""Airflow's runs in memory: an id exists once in a DAG."""

from __future__ import annotations

from turnup.domain.wishes import Start
from turnup.fakes.faults import Faults
from turnup.ports import NewRun, Runs, Started


class FakeRuns(Faults, port=Runs):
    """The Runs port. Tests look at `runs` {(DAG, run id): what NetBox asked for}, and at `created` in the same way."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[tuple[str, str], Start] = {}
        self.is_paused = False
        self.created: dict[tuple[str, str], NewRun] = {}

    def started(self, dag_id: str, run_id: str) -> tuple[Started, ...]:
        """Runs of this id, and those that go on from it."""
        return tuple(
            Started(run, start.names)
            for (dag, run), start in self.runs.items()
            if dag == dag_id and (run == run_id or run.startswith(f"{run_id}__"))
        )

    def ready(self, dag_id: str) -> None:
        """It always is."""

    def paused(self, dag_id: str) -> bool:  # noqa: ARG002 -- the port's
        """What a test says."""
        return self.is_paused

    def start(self, start: Start) -> bool:
        """Create it, once."""
        key = start.wish.dag_id, start.run_id
        if key in self.runs:
            return False
        self.runs[key] = start
        return True

    def create(self, run: NewRun) -> bool:
        """Create it, once."""
        key = run.dag_id, run.run_id
        if key in self.created:
            return False
        self.created[key] = run
        return True
