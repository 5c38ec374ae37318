"""configure: the role's Salt states, as a test run first, then for real."""

from __future__ import annotations

from typing import Any

from turnup.domain.errors import Refused
from turnup.domain.salt_states import StateRun, judge
from turnup.flow import salt_jobs
from turnup.flow.documents import keep
from turnup.flow.job import Job
from turnup.flow.steps import addresses, identity
from turnup.flow.waiting import Waiting


def do(job: Job) -> Waiting[None]:
    """Apply the states of the plan; where the test run fails already, nothing is changed."""
    identity.proven_host_key(job)
    test_run = yield from _apply(job, test=True)
    job.log.info("test run: %d states, %d would change", test_run.count, len(test_run.changed))
    applied = yield from _apply(job, test=False)
    job.log.info("applied: %d states, %d changed", applied.count, len(applied.changed))


def pillar(job: Job) -> dict[str, Any]:
    """What the states are given: the plan's pillar, and the addresses that NetBox gave since."""
    management = job.server.management
    network = {"interface": management.interface, "mac": management.mac, "addresses": list(addresses.of_management(job))}
    return {"turnup": {**job.server.pillar, "network": network}}


def _apply(job: Job, *, test: bool) -> Waiting[StateRun]:
    keywords = {
        "mods": ",".join(job.server.states),
        "pillar": pillar(job),
        "test": test,
        "queue": True,  # behind a state run that goes on already, such as one of a former try
        "sync_mods": "modules,states",  # burn-in's module, and the state that sets IPv6 addresses
    }
    returned = yield from salt_jobs.call(job, "test" if test else "apply", "state.sls", keywords, within=job.site.timeouts.states)
    run = judge(returned.value)
    if not test:  # also where some of them fail: the others were applied
        changes = [state.document() for state in run.changes]
        document = {"states": run.count, "changed": list(run.changed), "changes": changes, "pillar": keywords["pillar"]}
        keep(job, "configure", document)
    if run.failed:
        what = "Its test run failed, nothing was changed." if test else "They were applied in part."
        listed = "\n".join(f"  - {state.id} ({state.function}): {state.reason}" for state in run.failed)
        raise Refused(
            f"{job.server.subject}: {len(run.failed)} of {run.count} Salt states fail. {what}\n{listed}",
            "correct the states or the server, then clear this task.",
            cause="states-fail",
        )
    return run
