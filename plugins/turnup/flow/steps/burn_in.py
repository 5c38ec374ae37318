"""burn_in: the plan's tests on the server, through Salt; figures against thresholds."""

from __future__ import annotations

from turnup import burnin
from turnup.domain.errors import HardwareFault
from turnup.domain.plans import ServerPlan
from turnup.domain.policy import BurnInTest
from turnup.domain.verdicts import Outcome, Verdict, judge
from turnup.flow import salt_jobs
from turnup.flow.documents import keep
from turnup.flow.job import Job
from turnup.flow.steps import identity
from turnup.flow.waiting import Waiting


def do(job: Job) -> Waiting[None]:
    """Run every test, also after one failed: an engineer goes to the rack once. Then judge."""
    identity.proven_host_key(job)
    verdicts: list[Verdict] = []
    for test in job.server.burn_in:
        verdicts += yield from _run(job, test)
    keep(job, "burn_in", {"profile": job.server.burn_in_profile, "verdicts": [verdict.document() for verdict in verdicts]})
    bad = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASS]
    if bad:
        listed = "\n".join(f"  - {verdict}" for verdict in bad)
        raise HardwareFault(
            f"{job.server.subject}: burn-in {job.server.burn_in_profile} is not passed.\n{listed}",
            _advice(job.server),
            cause="burn-in-failed",
        )


def _run(job: Job, test: BurnInTest) -> Waiting[tuple[Verdict, ...]]:
    kind = burnin.TESTS[test.test]
    within = test.seconds + job.site.timeouts.burn_in_margin
    keywords = {"argv": kind.command(test), "timeout": within}
    returned = yield from salt_jobs.call(job, test.test, "turnup_burnin.run", keywords, within=within)
    verdicts = judge(test, kind.read, returned.value)
    for verdict in verdicts:
        job.log.info("%s", verdict)
    return verdicts


def _advice(server: ServerPlan) -> str:
    return (
        "clear this task to run it once more; if it fails again, compare with its siblings of generation "
        f"{server.generation} and replace the part that is named."
    )
