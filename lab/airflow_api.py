"""Airflow's REST API as the lab needs it: start a run, look at its tasks, end and delete runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from lab.errors import LabError
from lab.services import airflow

PAGE = 100  # Airflow gives no more at once
ENDED = ("success", "failed")


class AirflowApi:
    """A session of one user of the lab's Airflow."""

    def __init__(self, user: str = "admin") -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        body = {"username": user, "password": airflow.password(user)}
        token = self._call("POST", "/auth/token", json=body)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def trigger(self, dag: str, conf: dict[str, object]) -> str:
        """Starts a run; its id."""
        return str(self._call("POST", f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": None, "conf": conf})["dag_run_id"])

    def knows(self, dag: str) -> bool:
        """Whether the dag-processor has read this DAG."""
        return any(found["dag_id"] == dag for found in self._all("/api/v2/dags", "dags"))

    def import_errors(self) -> list[str]:
        """What keeps DAG files from being read."""
        return [f"{error['filename']}:\n{error['stack_trace']}" for error in self._all("/api/v2/importErrors", "import_errors")]

    def state(self, dag: str, run: str) -> str:
        """Of a run: `queued`, `running`, `success` or `failed`."""
        return str(self._call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Every task instance of a run, one a server for mapped ones."""
        return list(self._all(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances", "task_instances"))

    def log(self, dag: str, run: str, task: str, index: int, attempt: int) -> list[str]:
        """The lines of one task's log."""
        return [str(line.get("event", "")) for line in self._log(dag, run, task, index, attempt)]

    def problem(self, dag: str, run: str, task: str, attempt: int) -> str:
        """What a task that is not mapped failed of, as its log tells it."""
        lines = self._log(dag, run, task, -1, attempt)
        return "; ".join(str(detail.get("exc_value", "")) for line in lines for detail in line.get("error_detail") or ())

    def links(self, dag: str, run: str, task: str, index: int) -> dict[str, str]:
        """The buttons on a task: {text: where it leads}."""
        where = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/links"
        return dict(self._call("GET", where, params={"map_index": index})["extra_links"])

    def _log(self, dag: str, run: str, task: str, index: int, attempt: int) -> list[dict[str, Any]]:
        where = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
        content = self._call("GET", where, params={"map_index": index}, headers={"Accept": "application/json"}).get("content", [])
        return [line if isinstance(line, dict) else {"event": line} for line in content]

    def clear(self, dag: str, run: str, tasks: Sequence[tuple[str, int]], *, following: bool = True) -> None:
        """Does tasks (name and map index) again, and by default what follows them: how an engineer resumes a server."""
        body = {
            "dry_run": False,
            "dag_run_id": run,
            "task_ids": [[task, index] if index >= 0 else task for task, index in tasks],
            "only_failed": False,
            "include_downstream": following,
            "reset_dag_runs": True,
        }
        self._call("POST", f"/api/v2/dags/{dag}/clearTaskInstances", json=body)

    def asked(self, dag: str, run: str, task: str, index: int) -> dict[str, Any]:
        """What a task asks a person: subject, body, and who may answer."""
        return self._call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/{index}/hitlDetails")

    def answer(self, dag: str, run: str, task: str, index: int, chosen: str) -> None:
        """Answers what a task asks a person."""
        where = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/{index}/hitlDetails"
        self._call("PATCH", where, json={"chosen_options": [chosen], "params_input": {}})

    def runs(self) -> list[dict[str, Any]]:
        """Every run of every DAG."""
        return list(self._all("/api/v2/dags/~/dagRuns", "dag_runs"))

    def runs_from(self, dag: str, beginning: str) -> list[dict[str, Any]]:
        """The DAG's runs whose ids begin so."""
        return list(self._all(f"/api/v2/dags/{dag}/dagRuns", "dag_runs", run_id_prefix_pattern=beginning))

    def pause(self, dag: str, *, paused: bool) -> None:
        """Runs of a paused DAG are created, and wait."""
        self._call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": paused})

    def end(self, run: dict[str, Any]) -> None:
        """Marks a run as failed, which ends its tasks. A run in full work makes Airflow's database deadlock now and then."""
        for last in (False, False, False, True):
            try:
                self._call("PATCH", f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})
            except LabError as error:
                if last or "Database error" not in str(error):
                    raise
                time.sleep(2)
            else:
                return

    def delete(self, run: dict[str, Any]) -> None:
        """Forgets a run that has ended, or has not begun."""
        self._call("DELETE", f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}")

    def connection_types(self) -> dict[str, dict[str, Any]]:
        """{type: its form}, as the UI gets them."""
        forms: Any = self._call("GET", "/ui/connections/hook_meta")
        return {form["connection_type"]: form for form in forms}

    def connections(self) -> list[dict[str, Any]]:
        """Every connection, its secrets masked."""
        return list(self._all("/api/v2/connections", "connections"))

    def test_connection(self, **fields: Any) -> tuple[bool, str]:
        """What Airflow's *Test connection* answers; what is left out or masked is as stored."""
        answer = self._call("POST", "/api/v2/connections/test", json=fields)
        return bool(answer["status"]), str(answer["message"])

    def _all(self, path: str, key: str, **filters: str) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._call("GET", path, params={"limit": PAGE, "offset": offset, **filters})
            yield from page[key]
            offset += PAGE
            if offset >= page["total_entries"]:
                return

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._session.request(method, airflow.url() + path, timeout=30, **options)
        except requests.RequestException as error:
            raise LabError(f"Airflow does not answer at {airflow.url()} ({error}). Run ./lab/up.") from error
        if not answer.ok:
            raise LabError(f"Airflow answers {answer.status_code} to {method} {path}: {answer.text[:1000]}")
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content
