"""server_abort as Airflow tasks: one that looks whether it may be done, then one a server that undoes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError

from turnup.domain.errors import HardwareFault, Problem, Refused, TurnupError, about
from turnup.domain.servers import Server
from turnup.domain.states import Status, why_not_abortable
from turnup.flow import abort, hold
from turnup.flow.documents import append
from turnup.flow.flows import FLOWS
from turnup.flow.job import flow_log
from turnup.orchestration.operators import AtWork, failure
from turnup.orchestration.timekeeping import closes, now, timed
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

RUNNING = ("queued", "running")


def holder_runs(ti: Any, server: Server) -> bool:
    """Whether the run that the server's claim names goes on. One that Airflow knows no more has ended."""
    if not server.claim:
        return False
    dag_id, _, run_id = server.claim.partition("/")
    try:
        return str(ti.get_dagrun_state(dag_id, run_id)) in RUNNING
    except AirflowRuntimeError:
        return False


class AbortCheckOperator(AtWork):
    """Looks whether every named server may be aborted; refuses with every problem at once. Its XCom is their names."""

    @timed
    def execute(self, context: Context) -> list[str]:
        """Look, change nothing."""
        place, ti = self.workplace(context), context["ti"]
        log = flow_log(place.run, self.task_id)
        names = [str(name) for name in context["params"]["servers"]]
        try:
            hold.refuse(place.ports.inventory, place.site_name)
            found = place.ports.inventory.devices(place.site_name, names)
        except TurnupError as error:
            raise failure(log, error) from None
        problems: list[Problem] = []
        going_on: list[str] = []
        for name in names:
            servers = [server for server in found if server.name == name]
            if len(servers) != 1:
                problems.append(Problem(name, f"is the name of {len(servers)} devices at site {place.site_name}."))
            elif servers[0].status == "planned" and servers[0].claim is None:
                log.info("%s is planned already: nothing to undo", name)
                remember(place, servers[0], "was planned already, so there was nothing to undo")
            elif why_not := why_not_abortable(servers[0], holder_runs=holder_runs(ti, servers[0])):
                problems.append(Problem(name, why_not, "end that run in Airflow first." if servers[0].claim else ""))
            else:
                going_on.append(name)
        if problems:
            lines = "\n".join(f"  - {problem}" for problem in problems)
            raise failure(
                log,
                Refused(
                    f"The abort is refused, nothing was touched. {len(problems)} problem(s):\n{lines}", cause="abort-refused"
                ),
            )
        return going_on


class UndoOperator(AtWork):
    """Undoes, for one server, what the run that held it last did. It ends in seconds, so it stays in a worker."""

    template_fields: Sequence[str] = ("server",)

    def __init__(self, *, server: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server = server

    @timed
    def execute(self, context: Context) -> None:
        """Take the server over, undo, give it back as planned."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id, self.server)
        try:
            self.stay_while_held(place)
            after = self._undo(place, context)
        except TurnupError as error:
            raise failure(log, about(self.server, error)) from None
        log.info("%s", after)

    def _undo(self, place: Workplace, context: Context) -> str:
        """What the server is afterwards."""
        reason = str(context["params"]["reason"])
        (now,) = place.ports.inventory.devices(place.site_name, [self.server])
        ended = now.claim if now.claim != place.run.claim else None
        if ended and holder_runs(context["ti"], now):
            raise Refused(f"The run {ended} holds it and goes on.", "end that run in Airflow first.", cause="run-goes-on")
        if now.status == Status.ACTIVE:
            abort.break_claim(now, place.run, place.ports.inventory, reason)
            after = "is active, as it was, and held by no run; nothing was undone"
            remember(place, now, after, former=ended or "")
            return after
        former = abort.run_to_undo(now)
        if former is None:
            raise Refused("No run of turnup held it.", "set its status in NetBox.", cause="abort-refused")
        job = abort.job_of(place.records_of(former), place.run, self.server, place.ports)
        rows = abort.undo(FLOWS[job.plan.flow], job, ended, reason)
        remember(place, now, "is planned again", former=former.claim, rack=job.plan.rack, rows=rows)
        return "is planned again"


class AbortFinishOperator(AtWork):
    """Closes the abort: says which servers it left undone, and fails for them, so that the run shows what became of it."""

    @closes
    @timed
    def execute(self, context: Context) -> None:
        """Look how every server ended."""
        from turnup.reporting.gather import gather  # noqa: PLC0415 -- DAG files import this module
        from turnup.reporting.report import State  # noqa: PLC0415

        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        if context["ti"].xcom_pull(task_ids="check") is None:
            what = "The abort was refused, nothing was touched."
            raise failure(log, Refused(what, "read the log of the task check.", cause="abort-refused"))
        servers = gather(place.records, place.run, now()).servers
        left = [server.name for server in servers if server.state is not State.DONE]
        if left:
            what = f"{len(servers) - len(left)} of {len(servers)} servers are undone; not undone: {', '.join(left)}."
            advice = "each one's cause is in its own task's log; mend it, then clear that task."
            raise failure(log, HardwareFault(what, advice, cause="rack-incomplete"))
        log.info("all %d servers are undone", len(servers))


def remember(place: Workplace, server: Server, after: str, *, former: str = "", rack: str = "", rows: Sequence[str] = ()) -> None:
    """Keep with the abort what was undone on a server, of which run, and what it is afterwards."""
    known = {name: getattr(server, name) for name in ("serial", "asset_tag", "position", "role")}
    document = {**known, "rack": rack, "former": former, "rows": list(rows), "after": after}
    append(place.records, f"{abort.DOCUMENTS}/{server.name}", json.dumps(document, sort_keys=True).encode())
