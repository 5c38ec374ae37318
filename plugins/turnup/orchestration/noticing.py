"""Asking for a notice, from the task that knows that there is something to tell. It costs the task one call and never fails it.

The notice is sent by a run of the DAG `notices` of its own, whose id follows from what is told: Airflow has an id once, so a task
that is tried again or cleared tells nothing twice, and a notifier that is dead fails that run, never an install.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from turnup.domain.holds import Hold
from turnup.domain.notices import Event
from turnup.flow.job import flow_log
from turnup.flow.times import Outcome
from turnup.orchestration.workplace import Workplace
from turnup.reporting.identifier import identifier

if TYPE_CHECKING:
    from turnup.reporting.report import Report

DAG = "notices"
FOLDER = "notices"
BEGUN = "begun.json"
FAILED = "failed-"


@dataclass(frozen=True)
class Asked:
    """Which run, at which site, what is to be told; `key` tells it from other notices of the run.

    Of an approval: the `task` that asks, and the `server` where it is one server's. Texts are read by who sends it.
    """

    dag_id: str
    run_id: str
    site: str
    event: str
    key: str
    task: str = ""
    server: str = ""


def finished(place: Workplace, report: Report) -> None:
    """The run has ended as the report says. A closing row that is cleared and finds the same is nothing new."""
    if report.params.get("dry_run"):
        return
    servers = [(server.name, server.state, len(server.causes)) for server in report.servers]
    problems = [(one.subject, one.what) for one in report.problems]
    _ask(place, Event.RUN_FINISHED, lambda: f"finished-{_short([report.headline, servers, problems])}")


def failed(place: Workplace) -> None:
    """One more server failed, which is written down. All that fail until the notice is made are in it."""

    def key() -> str:
        begun = [name for name in place.records.names(FOLDER) if name.startswith(f"{FOLDER}/{FAILED}") and name.endswith(BEGUN)]
        return f"{FAILED}{len(begun) + 1}"

    _ask(place, Event.SERVER_FAILED, key)


def approval(place: Workplace, task: str, server: str = "") -> None:
    """A person is asked. Asked again without an answer in between is the same question."""

    def key() -> str:
        from turnup.reporting.folder import Folder  # noqa: PLC0415 -- DAG files import this module
        from turnup.reporting.rows import past  # noqa: PLC0415

        tries = past(Folder(place.records), server)
        number = sum(one.row == task and one.one.outcome is not Outcome.AGAIN for one in tries) + 1
        return f"approval-{_short([task, server])}-{number}"

    _ask(place, Event.APPROVAL_WAITING, key, task=task, server=server)


def held(place: Workplace, hold: Hold) -> None:
    """The run waits for the end of a hold."""
    _ask(place, Event.HOLD_SET, lambda: hold_key(str(hold)))


def hold_key(hold: str) -> str:
    """One hold in one run."""
    return f"hold-{_short(hold)}"


def _ask(place: Workplace, event: Event, key: Callable[[], str], *, task: str = "", server: str = "") -> None:
    try:
        policy = place.site.notices
        if not policy.wants(event):
            return
        after = policy.gather_seconds if event is Event.SERVER_FAILED else 0
        asked = Asked(place.run.dag_id, place.run.run_id, place.site_name, event.value, key(), task, server)
        place.start(DAG, _run_id(asked), asdict(asked), datetime.now(UTC) + timedelta(seconds=after))
    except Exception as error:  # whatever it is: an install goes on
        flow_log(place.run, DAG, server).warning("No notice is asked for (%s): %s: %s", event, type(error).__name__, error)


def _run_id(asked: Asked) -> str:
    """Airflow's id of the run that sends it: at most 250 characters of those that it takes."""
    of_run = identifier(asked.dag_id, asked.run_id)
    return f"{of_run if len(of_run) < 200 else _short(of_run)}.{asked.key}"


def _short(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
