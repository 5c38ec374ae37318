"""Preflight as a task: after a dry run's plan, it looks whether the plan could be carried out now."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowSkipException

from turnup.domain.errors import Refused, TurnupError
from turnup.flow import preflight
from turnup.flow.job import flow_log
from turnup.flow.preflight import Check, Outcome
from turnup.orchestration.operators import AtWork, failure
from turnup.orchestration.timekeeping import closes, timed
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

AT_ONCE = 16
"""Servers that are looked at at the same time; each look ends by its calls' own timeouts."""

RECORD = "preflight"


class PreflightOperator(AtWork):
    """Looks at every server of the plan and at the services, says everything at once, and fails where something is wrong."""

    def pre_execute(self, context: Context) -> None:
        """Only a dry run looks ahead."""
        if not context["params"]["dry_run"]:
            raise AirflowSkipException("This is no dry run.")

    @closes
    @timed
    def execute(self, context: Context) -> None:
        """Look, touch nothing."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            checks = self.look(place)
            number = len(place.records.names(RECORD)) + 1
            place.records.write(f"{RECORD}/{number}.json", json.dumps([check.document() for check in checks]).encode())
        except TurnupError as error:
            raise failure(log, error) from None
        for check in checks:
            (log.error if check.outcome is Outcome.PROBLEM else log.info)("%s", check)
        problems = [check for check in checks if check.outcome is Outcome.PROBLEM]
        unknown = sum(check.outcome is Outcome.NOT_CHECKED for check in checks)
        if problems:
            lines = "\n".join(f"  - {check}" for check in problems)
            what = f"{len(problems)} of {len(checks)} checks found a problem, nothing was touched:\n{lines}"
            raise failure(log, Refused(what, "mend them, then clear this task to look again.", cause="preflight-problems"))
        log.info("%d checks, no problem, %d could not be made yet. Nothing was touched.", len(checks), unknown)

    def look(self, place: Workplace) -> list[Check]:
        """Services first, then every server, in the plan's order."""
        plan = place.plan
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="preflight") as pool:
            servers = pool.map(lambda name: preflight.of_server(place.job(self.task_id, name)), plan.names)
            return [*preflight.of_services(place.rack_job(self.task_id, plan.names)), *chain.from_iterable(servers)]
