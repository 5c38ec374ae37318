"""Rows as Airflow operators. How a per-server row is run is decided in one class, `ServerRowOperator`, and nowhere else.

It starts in a worker for well under a second (names, mapped arguments and pools work because of that), waits in the triggerer and
ends from there; only a failure comes back to a worker, where it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, DownstreamTasksSkipped

from turnup.domain.diff import diff
from turnup.domain.errors import HardwareFault, Refused, Transient, TurnupError, from_document
from turnup.domain.holds import LIFTED_BY, covering
from turnup.domain.planner import Request
from turnup.flow import approval, budget, ending, hold, replanning
from turnup.flow.flows import FLOWS, rows_for
from turnup.flow.job import FlowLog, flow_log
from turnup.flow.rows import Planner
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.orchestration import noticing, settings, spending
from turnup.orchestration.asking import answered, ask, fenced
from turnup.orchestration.timekeeping import begun, closes, timed
from turnup.orchestration.triggers import HoldTrigger, ServerRowTrigger
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context


def failure(log: FlowLog, error: TurnupError, *, final: bool = False) -> AirflowException:
    """The Airflow exception for an error: `Transient` is tried again by Airflow, unless `final`; all else ends the task for good.

    The error is said in plain lines first: what Airflow logs of an exception is a traceback. It stays the exception's context,
    where whoever keeps the times of the task finds it.
    """
    for line in str(error).splitlines():
        log.error("%s", line)
    raised = AirflowException(str(error)) if isinstance(error, Transient) and not final else AirflowFailException(str(error))
    raised.__context__, raised.__suppress_context__ = error, True
    return raised


class AtWork(BaseOperator):
    """What all of turnup's operators have: the workplace of their run, at the site it was started for."""

    def workplace(self, context: Context) -> Workplace:
        """Made anew for every task."""
        dag_run = context["dag_run"]
        return Workplace(settings.run_of(dag_run.dag_id, dag_run.run_id), str(context["params"]["site"]))

    def stay_while_held(self, place: Workplace) -> None:
        """Give the worker back while a hold covers the site; the task goes on by itself when it is lifted."""
        if (held := covering(place.ports.inventory.holds(), place.site_name)) is not None:
            flow_log(place.run, self.task_id).warning("waits: %s. %s", held, LIFTED_BY)
            noticing.held(place, held)
            trigger = HoldTrigger(place.run.dag_id, place.run.run_id, place.site_name, self.task_id)
            self.defer(trigger=trigger, method_name="go_on")

    def go_on(self, context: Context, event: dict[str, str]) -> Any:  # noqa: ARG002 -- Airflow hands it over
        """The hold is lifted."""
        return self.execute(context)


class SnapshotOperator(AtWork):
    """Reads the rack from NetBox and keeps it with the run. Its XCom is the number of devices read."""

    @timed
    def execute(self, context: Context) -> int:
        """Take the snapshot."""
        place, params = self.workplace(context), context["params"]
        log = flow_log(place.run, self.task_id)
        try:
            snapshot = snapshot_step.take(place.ports, place.site_name, str(params["rack"]))
        except TurnupError as error:
            raise failure(log, error) from None
        log.info("%d devices, %d prefixes", len(snapshot.servers), len(snapshot.prefixes))
        return len(snapshot.servers)


class PlanOperator(AtWork):
    """Makes the plan and shows it. Its XComs are the plan's SHA-256 and the names of its servers.

    A run that has nothing to do ends here; of a dry run only the task `preflight` follows. A run that goes on has to end this
    task by returning the names: Airflow counts the mapped tasks by what is returned, and by no other XCom.
    """

    def __init__(self, *, flow: str, preflight: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.preflight = preflight

    @timed
    def execute(self, context: Context) -> list[str]:
        """Make the plan, or refuse with every problem."""
        place, params = self.workplace(context), context["params"]
        log = flow_log(place.run, self.task_id)
        try:
            if not params["dry_run"]:
                hold.refuse(place.ports.inventory, place.site_name)
            snapshot, request = snapshot_step.kept(place.ports), self.request(context, place)
            plan = plan_step.make(place.ports, snapshot, place.policy, request, self.planner(context, place, log))
        except TurnupError as error:
            raise failure(log, error) from None
        for line in diff(plan).splitlines():
            log.info("%s", line)
        context["ti"].xcom_push(key="plan_sha256", value=plan.sha256)
        context["ti"].xcom_push(key="return_value", value=list(plan.names))
        following = {task.task_id for task in self.get_flat_relatives(upstream=False)}
        if not plan.servers:
            log.info("Nothing to do in rack %s. Nothing was changed.", plan.rack)
        elif params["dry_run"]:
            log.info("Dry run: nothing is changed.")
            following -= {self.preflight}
        else:
            return list(plan.names)
        raise DownstreamTasksSkipped(tasks=sorted(following))  # type: ignore[no-untyped-call]

    def planner(self, context: Context, place: Workplace, log: FlowLog) -> Planner:
        """How the plan is made: a run that nobody started by hand stays within the site's error budget."""
        plans, allowance, dag_run = FLOWS[self.flow].plans, place.policy.site.error_budget, context.get("dag_run")
        if allowance is None or context["params"]["dry_run"] or dag_run is None or spending.is_by_hand(dag_run):
            return plans
        return budget.within(lambda: spending.of(place, allowance, datetime.now(UTC), log), plans)

    def request(self, context: Context, place: Workplace) -> Request:
        """What the form asked for."""
        return asked(context["params"], place.run.claim)


def asked(params: Mapping[str, Any], claim: str) -> Request:
    """What a form's values ask for, in the name of the run that claims."""
    return Request(
        claim=claim,
        servers=tuple(params["servers"] or ()),
        burn_in=str(params.get("burn_in") or ""),
        approval_required=params.get("approval") == "required",
    )


class RackRowOperator(AtWork):
    """A rack-wide row. Its XCom is the names of the servers that go on; `after` is the task whose names it starts with."""

    def __init__(self, *, row: str, after: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.row = row
        self.after = after

    @timed
    def execute(self, context: Context) -> list[str]:
        """Do the row for all servers that are still going on."""
        place, ti = self.workplace(context), context["ti"]
        try:
            names = tuple(ti.xcom_pull(task_ids=self.after) or ()) if self.after else place.plan.names
            if self.after:  # the closing row has none: it looks how servers ended, and takes none of them again
                self.stay_while_held(place)
                names = self._still_held(place, names) if ti.try_number > 1 else names
            job = place.rack_job(self.row, names)
            failures = rows_for(place.plan).rack_row(self.row).do(job)
        except TurnupError as error:
            log = flow_log(place.run, self.task_id)
            if not isinstance(error, Transient) or ti.try_number > ti.max_tries:
                self._fail_all(place, error, log)
            raise failure(log, error) from None
        for name, cause in failures.items():
            job.only(place.plan.server(name)).log.error("%s", cause)
        if failures and self.after:
            noticing.failed(place)
        return [name for name in names if name not in failures]

    def _still_held(self, place: Workplace, names: tuple[str, ...]) -> tuple[str, ...]:
        """Of a row that is done again: those servers for which the rows before it hold, now that time has passed."""
        for row in rows_for(place.plan).rack_rows:
            if row.name == self.row:
                break
            failures = row.do(place.rack_job(row.name, names))
            names = tuple(name for name in names if name not in failures)
        return names

    def _fail_all(self, place: Workplace, error: TurnupError, log: FlowLog) -> None:
        """The row failed as a whole: every server that this run holds is marked with that cause."""
        try:
            for server in place.plan.servers:
                ending.fail(place.job(self.row, server.name), error)
        except TurnupError as second:
            log.warning("Not every server could be marked failed: %s The task finish tries it again.", second)


class FinishOperator(RackRowOperator):
    """The closing row. It fails where a server did, so that the run shows what the rack is like.

    `planned` is the task that made the plan.
    """

    def __init__(self, *, planned: str = "plan", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planned = planned

    @closes
    def execute(self, context: Context) -> list[str]:
        """Close the run."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        if context["ti"].xcom_pull(task_ids=self.planned) is None:
            ended = Refused(
                "The run ended before there was a plan; nothing was changed.",
                "read the log of the task that failed.",
                cause="not-begun",
            )
            raise failure(log, ended)
        active = super().execute(context)
        names, done = place.plan.names, rows_for(place.plan).done
        missing = [name for name in names if name not in active]
        if missing:
            what = f"{len(active)} of {len(names)} servers are {done}; not {done}: {', '.join(missing)}."
            advice = "each one's cause is above, in its task's log and in NetBox; mend it, then clear the task that failed."
            raise failure(log, HardwareFault(what, advice, cause="rack-incomplete"))
        log.info("all %d servers are %s", len(names), done)
        return active


class ServerRowOperator(AtWork):
    """A per-server row, one mapped index a server. `after` is the rack-wide task whose XCom says which servers go on."""

    template_fields: Sequence[str] = ("server",)

    def __init__(self, *, row: str, server: str, after: str, **kwargs: Any) -> None:
        super().__init__(map_index_template="{{ task.server }}", **kwargs)
        self.row = row
        self.server = server
        self.after = after

    @timed
    def execute(self, context: Context) -> None:
        """Hand the row to the triggerer. A server that somebody resumed is planned again first, if its facts changed."""
        ti = context["ti"]
        if ti.try_number > 1:
            place = self.workplace(context)
            try:
                self.stay_while_held(place)
                self._plan_again(context, place)
            except TurnupError as error:
                raise self._failed(place, error, final=ti.try_number > ti.max_tries) from None
        self._hand_over(context, resumed=ti.try_number > 1 or self.server not in (ti.xcom_pull(task_ids=self.after) or ()))

    def _plan_again(self, context: Context, place: Workplace) -> None:
        """A decommission never does: changed facts end that server's part, as each of its rows says."""
        job = place.job(self.row, self.server)
        if job.plan.seal is not None:
            return
        proposal = replanning.propose(job, place.policy)
        if proposal is None:
            return
        if not approval.is_asked_for(job, proposal.part):
            replanning.accept(job, proposal)
            return
        replanning.offer(job, proposal)
        part = proposal.part
        job.log.warning("planned again as %s; that waits for an approval.", part.sha256[:12])
        noticing.approval(place, self.task_id, self.server)
        subject = f"{part.subject} changed: go on with it as planned again ({part.sha256[:12]})?"
        ask(context, subject, fenced(str(proposal)), seconds=job.site.timeouts.approval, then="decide")

    @timed
    def decide(self, context: Context, event: dict[str, Any]) -> None:
        """Somebody was asked about the part planned again: obey it from now on, or end the server's part of the run."""
        place = self.workplace(context)
        try:
            job = place.job(self.row, self.server)
            proposal = replanning.offered(job)
            decision = answered(event, proposal.part.sha256)
            approval.keep(place.records, decision)
            if decision.chosen != approval.APPROVE:
                what = f"{decision.by} rejected what was planned again for {self.server}."
                raise Refused(what, "correct NetBox or abort the server, then clear this task.", cause="plan-rejected")
            replanning.accept(job, proposal)
        except TurnupError as error:
            raise self._failed(place, error) from None
        self._hand_over(context, resumed=True)

    def _hand_over(self, context: Context, *, resumed: bool) -> None:
        dag_run = context["dag_run"]
        trigger = ServerRowTrigger(
            dag_run.dag_id,
            dag_run.run_id,
            str(context["params"]["site"]),
            self.row,
            self.server,
            resumed,
            begun(context),
            context["ti"].try_number,
        )
        self.defer(trigger=trigger, method_name="write_down", timeout=self.execution_timeout)

    def write_down(self, context: Context, event: dict[str, str]) -> None:
        """The row failed for good: mark the server with the cause, release it, and fail the task with the same words."""
        raise self._failed(self.workplace(context), from_document(event)) from None

    def _failed(self, place: Workplace, error: TurnupError, *, final: bool = True) -> AirflowException:
        """What ends the task, after it was written down. Not `final`: something `Transient` is tried again instead."""
        log = flow_log(place.run, self.row, self.server)
        if isinstance(error, Transient) and not final:
            return failure(log, error)
        try:
            ending.fail(place.job(self.row, self.server), error)
        except TurnupError as second:
            return failure(log, Transient(f"{error}\nThis could not be written to NetBox: {second.what}", second.advice))
        noticing.failed(place)
        return failure(log, error, final=True)
