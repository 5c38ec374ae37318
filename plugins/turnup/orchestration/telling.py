"""Sending a notice: made once, kept with its run, and given to each channel until it took it. Then it is never sent again."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from turnup.domain.errors import Conflict, Refused, Transient, TurnupError
from turnup.domain.notices import Event, Notice
from turnup.flow.job import flow_log
from turnup.orchestration import settings
from turnup.orchestration.noticing import BEGUN, DAG, FOLDER, Asked
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

UNASKED = "do nothing: runs ask for notices by themselves."
KEY = re.compile(r"[a-z0-9-]{1,80}")


def tell(place: Workplace, asked: Asked, by: str) -> tuple[str, ...]:
    """The channels that took the notice now. TurnupError: not all did; whoever tells it again goes on with the others.

    `by` is who tells: another that tells the same leaves it to them.
    """
    from turnup.orchestration.notifiers import notifiers  # noqa: PLC0415 -- DAG files import this module

    log, folder = flow_log(place.run, DAG), f"{FOLDER}/{asked.key}"
    try:
        place.records.write(f"{folder}/{BEGUN}", json.dumps({"by": by}).encode())
    except Conflict:
        log.info("%s is told by another.", asked.key)
        return ()
    notice = _made(place, asked, folder)
    if notice is None:
        log.info("%s: there is nothing left to tell.", asked.key)
        return ()
    taken: list[str] = []
    failed: list[TurnupError] = []
    for channel, notifier in notifiers(place.site, notice):
        sent = f"{folder}/sent-{channel}.json"
        if place.records.read(sent) is not None:
            continue
        try:
            notifier({})
        except TurnupError as error:
            log.error("Not told by %s: %s", channel, error)  # noqa: TRY400 -- its words are meant for a person
            failed.append(error)
            continue
        place.records.write(sent, json.dumps({"by": by}).encode())
        log.info("told by %s: %s", channel, notice.title)
        taken.append(channel)
    if failed:
        raise next((one for one in failed if isinstance(one, Transient)), failed[0])  # who may take it later is tried again
    return tuple(taken)


def _made(place: Workplace, asked: Asked, folder: str) -> Notice | None:
    """The notice as it was made at the first try."""
    from pydantic import TypeAdapter  # noqa: PLC0415 -- DAG files import this module

    from turnup.orchestration.composing import NOTICE, compose  # noqa: PLC0415

    content = place.records.read(f"{folder}/{NOTICE}")
    if content is None:
        notice, told = compose(place, asked)
        content = json.dumps({"notice": asdict(notice) if notice else None, "told": told}, sort_keys=True).encode()
        place.records.write(f"{folder}/{NOTICE}", content)
    found: Notice | None = TypeAdapter(Notice | None).validate_python(json.loads(content)["notice"])
    return found


class NoticeOperator(BaseOperator):
    """Sends the notice that its run was started for. Its XCom is the channels that took it."""

    def execute(self, context: Context) -> list[str]:
        """Send it."""
        from turnup.orchestration.operators import failure  # noqa: PLC0415 -- of all that the rows need, the DAG file needs nothing

        dag_run = context["dag_run"]
        log = flow_log(settings.run_of(dag_run.dag_id, dag_run.run_id), self.task_id)
        try:
            asked = read(dag_run.conf or {})
            place = self.workplace(asked)
            if not place.records.names(""):
                raise Refused(f"The run {asked.dag_id}/{asked.run_id} has no documents.", UNASKED)
            return list(tell(place, asked, dag_run.run_id))
        except TurnupError as error:
            raise failure(log, error) from None

    def workplace(self, asked: Asked) -> Workplace:
        """Of the run that the notice is about."""
        return Workplace(settings.run_of(asked.dag_id, asked.run_id), asked.site)


def read(conf: dict[str, Any]) -> Asked:
    """What a task asked for. Refused: it was no task of turnup that asked."""
    try:
        asked = Asked(**{name: str(value) for name, value in conf.items()})
        event = Event(asked.event)
    except (TypeError, ValueError):
        event = None
    if event is None or not KEY.fullmatch(asked.key):
        raise Refused("This run was not started by a task that has something to tell.", UNASKED)
    return asked
