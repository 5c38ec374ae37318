"""Abort: what a run did to a server is undone, row by row, in reverse. What never happened is no error, and neither is twice."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from turnup.domain.errors import Conflict, Refused
from turnup.domain.plans import Plan
from turnup.domain.servers import Server
from turnup.flow import guard
from turnup.flow.job import Job, Run
from turnup.flow.journal import entry
from turnup.flow.rows import Flow, RackRow, ServerRow, Undo
from turnup.flow.steps import plan as plan_step
from turnup.flow.waiting import Waiting
from turnup.ports import DeviceWrite, Inventory, Ports, Records

DOCUMENTS = "undone"
"""Folder of what an abort did, in its own run's folder: {server}/{number}.json."""


def run_to_undo(server: Server) -> Run | None:
    """The run that holds the server, or held it last."""
    named = server.last_run or server.claim
    if not named:
        return None
    dag_id, _, run_id = named.partition("/")
    return Run(dag_id, run_id)


def job_of(former: Records, run: Run, name: str, ports: Ports) -> Job:
    """The abort's work on one server: the plan and the records are the former run's, the claim is the abort's own."""
    plan: Plan = plan_step.kept(former)
    site = plan_step.kept_site(former)
    if site is None:
        raise Refused(
            f"The run {run.claim} has a plan and no site policy in its folder.", "undo it by hand.", cause="policy-missing"
        )
    return Job(run, "abort", plan, plan.server(name), site, replace(ports, records=former))


def break_claim(server: Server, run: Run, inventory: Inventory, reason: str) -> None:
    """Release a server that is live from a run that has ended. Nothing else: what is live leaves by decommission."""
    if server.claim is None:
        return
    inventory.write(server.id, server.version, DeviceWrite(claim=""), f"turnup {run.claim} abort")
    comments = f"The claim of {server.claim} was broken by {run.claim}, nothing was undone: {reason}"
    inventory.write_journal([entry(server.id, run, "warning", comments)])


def undo(flow: Flow, job: Job, ended: str | None, reason: str) -> Waiting[tuple[str, ...]]:
    """Undo every row, last first, under a claim of the abort's own; `ended` is the claim that may be broken. The rows' names.

    Refused: the flow has nothing to undo, or its work cannot be undone any more. Conflict: somebody else took the server
    meanwhile. Transient: something did not answer; begin again, it is safe.
    """
    rows: list[RackRow | ServerRow] = [*flow.rack_rows, *flow.server_rows]
    if all(isinstance(row.undo, Undo) for row in rows):
        raise Refused(
            f"{job.server.subject}: the last run that held it ({flow.name}) changed nothing on it, so there is nothing to undo.",
            "set its status in NetBox.",
            cause="abort-refused",
        )
    _refuse_too_late(flow, job)
    with guard.alone(job) if flow.leaves else nullcontext():
        _take_over(job, ended)
    try:
        _refuse_too_late(flow, job)  # the run may have gone on until this very moment
    except Refused:
        _give_back(job, ended)
        raise
    undone: list[str] = []
    for row in reversed(rows):
        if not isinstance(row.undo, Undo):
            waiting = row.undo(job.at(row.name))
            if waiting is not None:
                yield from waiting
            job.log.info("undone: %s", row.name)
            undone.append(row.name)
    job.ports.inventory.write_journal([entry(job.server.id, job.run, "warning", f"Aborted by {job.run.claim}: {reason}")])
    return tuple(undone)


def _refuse_too_late(flow: Flow, job: Job) -> None:
    if why_not := flow.why_not_undone(job):
        raise Refused(
            f"{job.server.subject}: {why_not}",
            "clear the failed task of its run: it goes on to the end from there.",
            cause="abort-too-late",
        )


def _give_back(job: Job, ended: str | None) -> None:
    """The run that held it holds it again."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim == job.run.claim:
        job.ports.inventory.write(now.id, now.version, DeviceWrite(claim=ended or ""), job.message())


def _take_over(job: Job, ended: str | None) -> None:
    """Hold the server before anything is undone, so that no new run starts on it meanwhile."""
    now = job.ports.inventory.device(job.server.id)
    if now.claim == job.run.claim:
        return
    if now.claim != ended:
        holder = f"held by {now.claim}" if now.claim else "held by no run"
        raise Conflict(f"{job.server.subject} is {holder} now.", "look at it again, then start a new abort.", cause="claim-lost")
    job.ports.inventory.write(now.id, now.version, DeviceWrite(claim=job.run.claim), job.message())
    job.log.info("taken over from %s", ended or "nobody")
