"""What comes before a decommission's rows, as tasks: a survey, the seal of what may be touched, and people's yes to exactly that.

Nothing is claimed before the last yes, so that a no, or no answer, has nothing to give back.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from turnup.domain.errors import Refused, TurnupError
from turnup.domain.planner import Removal, Request
from turnup.domain.servers import Server
from turnup.domain.surveys import Survey
from turnup.flow import approval_page, guard
from turnup.flow.approval import APPROVE, keep, last
from turnup.flow.guard import FIRST, SECOND
from turnup.flow.job import FlowLog, flow_log
from turnup.flow.steps import survey
from turnup.orchestration import noticing, settings
from turnup.orchestration.asking import answered, ask
from turnup.orchestration.operators import AtWork, PlanOperator, failure
from turnup.orchestration.timekeeping import timed
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk import Context

AT_ONCE = 16
"""Servers that are looked at at the same time; each look ends by its calls' own timeouts."""


class SurveyOperator(AtWork):
    """Asks every named server, its BMC and the site who they are and what they do. Its XCom is how many were looked at."""

    @timed
    def execute(self, context: Context) -> int:
        """Look, touch nothing."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        names = tuple(str(name) for name in context["params"]["servers"] or ())

        def host_key(server: Server) -> str | None:
            return host_key_on_record(place, server, log)

        try:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey") as pool:
                seen = survey.take(place.run, place.ports, place.policy, names, host_key, pool.map)
        except TurnupError as error:
            raise failure(log, error) from None
        for one in seen.servers:
            self.tell(one, flow_log(place.run, self.task_id, one.server))
        for role, addresses in sorted(seen.serving.items()):
            log.info("role %s: %d servers serve", role, len(addresses))
        return len(seen.servers)

    def tell(self, seen: Survey, log: FlowLog) -> None:
        """What was seen of a server, on a line or two."""
        if seen.bmc is not None:
            log.info("its BMC says serial number %s, power %s", seen.bmc.serial, seen.bmc.power)
        if seen.inside is not None:
            drives = ", ".join(map(str, seen.inside.drives)) or "none"
            log.info("from inside: serial number %s, drives: %s", seen.inside.serial, drives)
        if seen.pool:
            log.info("is %s in its pool, %d connections", seen.pool, seen.connections)
        for what, why in seen.unknown.items():
            log.warning("its %s could not be asked: %s", what, why)


class SealOperator(PlanOperator):
    """Seals what may be touched, and shows it, or refuses with every problem. Its XComs are those of a plan."""

    def request(self, context: Context, place: Workplace) -> Request:
        """What the form asked for, by whom, and what was seen."""
        user = getattr(context["dag_run"], "triggering_user_name", None)
        return asked_to_leave(context["params"], place, user)


def host_key_on_record(place: Workplace, server: Server, log: FlowLog) -> str | None:
    """The SSH host key on record, from the run that held the server last."""
    dag_id, _, run_id = (server.last_run or "").partition("/")
    if not run_id:
        return None
    try:
        return survey.host_key_on_record(server, place.records_of(settings.run_of(dag_id, run_id)))
    except TurnupError as error:
        log.warning("%s: what the run %s knew of it cannot be read: %s", server.name, server.last_run, error)
        return None


def asked_to_leave(params: Mapping[str, Any], place: Workplace, user: str | None) -> Request:
    """What a form's values ask for, by Airflow's user of that name, and what the survey saw."""
    people = requesters(user, place.policy.site.decommission.people)
    removal = Removal(str(params["wipe"]), str(params["reason"] or ""), people, survey.kept(place.records))
    return Request(place.run.claim, tuple(str(name) for name in params["servers"] or ()), removal=removal)


def requesters(user: str | None, people: Mapping[str, str]) -> tuple[str, ...]:
    """Airflow's names of who asked. A name that policy maps to another may be either person's, so neither approves."""
    return tuple(dict.fromkeys((people[user], user) if user in people else (user,))) if user else ()


class SealApprovalOperator(AtWork):
    """A gate, by its task's name: waits for the yes of somebody whom the seal allows; the second only where the seal says why."""

    def execute(self, context: Context) -> None:
        """Show what is sealed and park."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            found = guard.sealed(place.records)
            if self.task_id == SECOND and not found.seal.why_second:
                log.info("One approval is enough: no cap is exceeded.")
                return
            people = self.may_answer(place, found)
        except TurnupError as error:
            raise failure(log, error) from None
        plan, seal = found.plan, found.seal
        log.info("The seal %s waits for %s, for %d s at most.", found.sha256[:12], " or ".join(people), seal.valid_seconds)
        noticing.approval(place, self.task_id)
        subject = approval_page.subject(plan, seal, found.sha256)
        body = approval_page.body(plan, seal, found.sha256)
        ask(context, subject, body, seconds=seal.valid_seconds, then="decide", assigned=people if settings.assigns() else ())

    def may_answer(self, place: Workplace, found: guard.Sealed) -> tuple[str, ...]:
        """Whom the seal allows at this gate; the second time not who said yes the first time."""
        if self.task_id == FIRST:
            return found.seal.approvers
        before = last(place.records, found.sha256, FIRST)
        by = before.by.casefold() if before else ""
        return tuple(name for name in found.seal.second_approvers if name.casefold() != by)

    @timed
    def decide(self, context: Context, event: dict[str, Any]) -> str:
        """Keep the decision with the run; everything but a yes that counts ends the run."""
        place = self.workplace(context)
        log = flow_log(place.run, self.task_id)
        try:
            found = guard.sealed(place.records)
            decision = replace(answered(event, found.sha256), gate=self.task_id)
            keep(place.records, decision)
            if decision.chosen != APPROVE:
                what = f"{decision.by} rejected the seal {found.sha256[:12]}. Nothing was changed."
                raise Refused(what, cause="plan-rejected")
            guard.approved(place.records, found, datetime.now(UTC), until=self.task_id)
        except TurnupError as error:
            raise failure(log, error) from None
        log.info("%s approved the seal %s", decision.by, found.sha256[:12])
        return decision.chosen
