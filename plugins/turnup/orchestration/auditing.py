"""`fleet_audit` as tasks: the audit, which changes nothing; a person's yes, where it is asked for; and the fixes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from turnup.domain.audits import DAG, Audit, FixDone, Outcome, Told
from turnup.domain.errors import Problem, Refused, TurnupError
from turnup.flow.approval import APPROVE, keep
from turnup.flow.job import FlowLog, flow_log
from turnup.orchestration import settings
from turnup.orchestration.asking import answered, ask, fenced
from turnup.orchestration.operators import AtWork, failure
from turnup.orchestration.standing import goes_on
from turnup.orchestration.timekeeping import begun, timed
from turnup.orchestration.workplace import Workplace
from turnup.reporting.identifier import identifier

if TYPE_CHECKING:
    from airflow.sdk import Context

    from turnup.auditing.audit import Site

WAITS = 86400  # seconds for a person's yes; after that it is a no


class Auditing(AtWork):
    """What the tasks of an audit have in common."""

    def named(self, context: Context, name: str) -> list[str]:
        """A list of the form."""
        return [str(one) for one in context["params"].get(name) or ()]

    def sites(self, context: Context, place: Workplace, names: list[str] | None = None) -> list[Site]:
        """The sites of this run, or these, each with its services. Refused: a policy file or connection is wrong."""
        from turnup.adapters.policy_files import known_sites, load_policy  # noqa: PLC0415 -- a DAG file imports this module
        from turnup.orchestration.reaching import site  # noqa: PLC0415

        folder, ti = settings.inventory_folder(), context["ti"]
        known = names if names is not None else [place.site_name] if place.site_name else list(known_sites(folder))

        return [site(load_policy(folder, one), place.records, partial(goes_on, ti)) for one in known]

    def workplace(self, context: Context) -> Workplace:
        """An empty site means every one."""
        dag_run = context["dag_run"]
        return Workplace(settings.run_of(dag_run.dag_id, dag_run.run_id), str(context["params"].get("site") or ""))

    def former(self, place: Workplace) -> Audit | None:
        """The audit before this one."""
        from turnup.reporting import audits  # noqa: PLC0415

        return audits.latest(settings.report_store(), but=place.run.run_id)

    def last(self, place: Workplace) -> Audit:
        """What this run's first task found. Refused: it found nothing, not even nothing."""
        from turnup.reporting import audits  # noqa: PLC0415

        found = audits.read(place.records)
        if found is None:
            raise Refused("This run has no audit.", "clear its task audit.", cause="not-begun")
        return found


class AuditOperator(Auditing):
    """Audits, and writes the report. Its XCom is the number of findings. A run that undoes another one audits nothing."""

    @timed
    def execute(self, context: Context) -> int:
        """Look, change nothing."""
        from turnup.auditing.audit import audit, problems  # noqa: PLC0415 -- a DAG file imports this module
        from turnup.reporting import audits  # noqa: PLC0415

        place, params = self.workplace(context), context["params"]
        log = flow_log(place.run, self.task_id)
        checks, fix = self.named(context, "checks"), self.named(context, "fix")
        try:
            found = problems(checks, fix)
            if params.get("undo"):
                found += _why_not_undone(place, str(params["undo"]), fix)
            _refuse(found)
            if params.get("undo"):
                return 0
            told = audit(
                _identity(place, context), self.sites(context, place), checks, self.former(place), lambda: datetime.now(UTC)
            )
            version = audits.write(place.records, told)
        except TurnupError as error:
            raise failure(log, error) from None
        _tell(log, told)
        log.info("version %d: %s", version, place.run.report)
        return len(told.findings)


class AuditApprovalOperator(Auditing):
    """Asks a person about the safe fixes that nobody named, where the form says so and there are any."""

    def execute(self, context: Context) -> None:
        """Show them and park."""
        place, params = self.workplace(context), context["params"]
        log = flow_log(place.run, self.task_id)
        if not params.get("ask") or params.get("undo"):
            return
        try:
            offered = _offered(self.last(place), but=self.named(context, "fix"))
        except TurnupError as error:
            raise failure(log, error) from None
        if not offered:
            log.info("There is no other safe fix to ask about.")
            return
        body = "\n".join(f"{one.check}: {one.fix.does} ({one.evidence})" for one in offered if one.fix)
        ask(context, f"Apply {len(offered)} safe fix(es)? {_sha256(offered)[:12]}", fenced(body), seconds=WAITS, then="decide")

    @timed
    def decide(self, context: Context, event: dict[str, Any]) -> str | None:
        """Keep the decision; whatever is no yes is a no, and ends nothing."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            decision = answered(event, _sha256(_offered(self.last(place), but=self.named(context, "fix"))))
        except TurnupError:
            log.info("Nobody answered in time: only what was named is fixed.")
            return None
        try:
            keep(place.records, decision)
        except TurnupError as error:
            raise failure(log, error) from None
        log.info("%s chose %s.", decision.by, decision.chosen)
        return decision.chosen


class FixOperator(Auditing):
    """Applies the fixes that were named or approved, or undoes another run's. Its XCom is how many were done."""

    @timed
    def execute(self, context: Context) -> int:
        """Fix, and write what came of it into the report."""
        from turnup.reporting import audits  # noqa: PLC0415

        place, params = self.workplace(context), context["params"]
        log = flow_log(place.run, self.task_id)
        try:
            if params.get("undo"):
                told = self._undo(context, place, str(params["undo"]))
            else:
                told = self.last(place)
                wanted = self._wanted(context, told)
                if not wanted:
                    log.info("No fix was named or approved. Nothing was changed.")
                    return 0
                fixes = self._fix(context, place, wanted)
                told = replace(told, fixes=fixes, headline=f"{told.headline} {_counted(fixes)}")
            audits.write(place.records, told)
        except TurnupError as error:
            raise failure(log, error) from None
        for one in told.fixes:
            log.info("%s %s: %s: %s %s", one.check, one.subject, one.does, one.outcome, one.what)
        failed = [one for one in told.fixes if one.outcome is Outcome.FAILED]
        if failed:
            what = f"{len(failed)} of {len(told.fixes)} fixes failed: {'; '.join(one.what for one in failed[:5])}"
            raise failure(log, Refused(what, "mend the cause, then start the audit again.", cause="request-refused"))
        return sum(one.outcome in (Outcome.DONE, Outcome.UNDONE) for one in told.fixes)

    def _wanted(self, context: Context, told: Audit) -> list[Told]:
        named = self.named(context, "fix")
        approved = context["ti"].xcom_pull(task_ids="approval") == APPROVE
        return [one for one in told.findings if one.fix and (one.check in named or approved)]

    def _fix(self, context: Context, place: Workplace, wanted: list[Told]) -> tuple[FixDone, ...]:
        """Site by site: what these checks find at this moment is looked at again first."""
        from turnup.auditing import fixing  # noqa: PLC0415
        from turnup.auditing.audit import chosen, look  # noqa: PLC0415

        done: list[FixDone] = []
        for site in self.sites(context, place, sorted({one.site for one in wanted})):
            mine = [
                fixing.Wanted(one.id, one.check, one.site, one.subject, one.fix)
                for one in wanted
                if one.site == site.name and one.fix
            ]
            now = look(site, chosen([one.check for one in mine]), None, datetime.now(UTC)).judged.findings
            cap = site.policy.site.audit.fixes_per_run
            done += fixing.apply(mine, now, site.reach, place.records, place.run.claim, cap)
        return tuple(done)

    def _undo(self, context: Context, place: Workplace, run_id: str) -> Audit:
        from turnup.auditing import fixing  # noqa: PLC0415

        records = place.records_of(settings.run_of(DAG, run_id))
        names = sorted({str(document["site"]) for document in fixing.kept(records)})
        done = tuple(
            one
            for site in self.sites(context, place, names)
            for one in fixing.undo(site.name, records, site.reach, place.run.claim)
        )
        told = _identity(place, context)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        return replace(told, title=f"Undoing {run_id}", headline=_counted(done), finished_at=at, fixes=done, undoes=run_id)


def _identity(place: Workplace, context: Context) -> Audit:
    run = place.run
    by = getattr(context["dag_run"], "triggering_user_name", None) or "the clock"
    return Audit(identifier(run.dag_id, run.run_id), run.run_id, "", begun(context), "", started_by=by, link=run.report)


def _offered(told: Audit, but: list[str]) -> list[Told]:
    return [one for one in told.findings if one.fix is not None and one.check not in but]


def _sha256(offered: list[Told]) -> str:
    listed = [(one.id, one.fix.does, sorted(one.fix.values.items())) for one in offered if one.fix]
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def _why_not_undone(place: Workplace, run_id: str, fix: list[str]) -> list[Problem]:
    found = [Problem("fix", "is not for a run that undoes another one.", "leave it empty.")] if fix else []
    if not place.records_of(settings.run_of(DAG, run_id)).names("fixes"):
        found.append(Problem("undo", f"names {run_id!r}, which fixed nothing.", "its report says what a run fixed."))
    return found


def _refuse(found: list[Problem]) -> None:
    if found:
        lines = "\n".join(f"  - {problem}" for problem in found)
        what = f"The audit is refused, nothing was looked at. {len(found)} problem(s):\n{lines}"
        raise Refused(what, "correct the parameters.", cause="request-refused")


def _counted(fixes: tuple[FixDone, ...]) -> str:
    counts = [(outcome, sum(one.outcome is outcome for one in fixes)) for outcome in Outcome]
    return f"Fixes: {', '.join(f'{count} {outcome}' for outcome, count in counts if count) or 'none'}."


def _tell(log: FlowLog, told: Audit) -> None:
    log.info("%s", told.headline)
    for name in told.not_checked:
        log.warning("not checked: %s (%s)", name, told.why_not[name])
    for one in told.findings:
        log.info("%s %s %s: %s Next: %s", one.severity, one.check, one.subject, one.evidence, one.advice)
