"""A run that is only thought: its plan or seal is made by the flow's own steps, and nothing is touched or kept.

What a person was shown has a hash: of the facts it rests on and of what was asked for. A run is started only while the hash is
the same. Of a decommission it leaves out what the survey saw, which takes long and differs every time (the hour, connections):
the run seals that anew, and nothing is touched before somebody else approves exactly that seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from turnup.domain.errors import Problem
from turnup.domain.holds import Hold, covering
from turnup.domain.plans import Plan
from turnup.domain.sealing import drafts
from turnup.domain.servers import Server
from turnup.flow.flows import FLOWS
from turnup.flow.job import Run, flow_log
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.flow.steps import survey as survey_step
from turnup.orchestration.leaving import AT_ONCE, asked_to_leave, host_key_on_record
from turnup.orchestration.operators import asked
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records

PLANNED = {"server_install": "install", "server_decommission": "decommission"}
"""{DAG: its flow}, of those whose plan can be shown beforehand."""

UNHASHED = ("dry_run", "reason")
"""Parameters that change nothing about the plan."""

RUN_ID = "preview"
"""No run of Airflow has this id, so no claim is this run's own."""


class Scratch:
    """The Records port of a run that leaves nothing: in memory, until it is over."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def write(self, name: str, content: bytes) -> str:
        """Keep it for the moment."""
        self._kept[name] = content
        return hashlib.sha256(content).hexdigest()

    def read(self, name: str) -> bytes | None:
        """As it was written."""
        return self._kept.get(name)

    def names(self, folder: str) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(name for name in self._kept if name.startswith(f"{folder}/")))


class Stage(Workplace):
    """A workplace at which nothing is kept. What other runs kept can be read."""

    @cached_property
    def records(self) -> Records:
        """Gone afterwards."""
        return Scratch()


@dataclass(frozen=True)
class Rehearsed:
    """What a run would do: the plan, or every problem; the hash of what it rests on; the hold that keeps it from starting."""

    plan: Plan | None
    problems: tuple[Problem, ...]
    sha256: str
    hold: Hold | None
    burn_in: tuple[str, ...] = ()
    """Names of the site's burn-in profiles."""


def stage(dag_id: str, site: str) -> Workplace:
    """Where a run of the DAG is rehearsed."""
    return Stage(Run(dag_id, RUN_ID), site)


def rehearse(place: Workplace, params: Mapping[str, Any], user: str) -> Rehearsed:
    """The plan as the run would make it now. It asks NetBox and DHCP; of a decommission every server, too."""
    leaves = PLANNED[place.run.dag_id] == "decommission"
    snapshot = snapshot_step.take(place.ports, place.site_name, str(params["rack"]))
    if leaves:
        _survey(place, params)
    request = asked_to_leave(params, place, user) if leaves else asked(params, place.run.claim)
    made = FLOWS[PLANNED[place.run.dag_id]].plans(snapshot, place.policy, request)
    plan, problems = (plan_step.settled(made), ()) if isinstance(made, Plan) else (None, made)
    profiles = sorted({name for one in place.policy.hardware for name in one.burn_in})
    hold = covering(place.ports.inventory.holds(), place.site_name)
    return Rehearsed(plan, problems, _sha256(place, params, None if leaves else plan) if plan else "", hold, tuple(profiles))


def standing(place: Workplace, params: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The hash as things stand now, without a survey, empty where there is no plan; and the servers' names."""
    if PLANNED[place.run.dag_id] == "decommission":
        snapshot_step.take(place.ports, place.site_name, str(params["rack"]))
        return _sha256(place, params, None), tuple(params["servers"])
    found = rehearse(place, params, "")
    return found.sha256, found.plan.names if found.plan else ()


def _survey(place: Workplace, params: Mapping[str, Any]) -> None:
    log = flow_log(place.run, "survey")

    def host_key(server: Server) -> str | None:
        return host_key_on_record(place, server, log)

    names = tuple(str(name) for name in params["servers"] or ())
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey") as pool:
        survey_step.take(place.run, place.ports, place.policy, names, host_key, pool.map)


def _sha256(place: Workplace, params: Mapping[str, Any], plan: Plan | None) -> str:
    """Of what was asked for and of the plan, or of the drafts that a seal is made of."""
    if PLANNED[place.run.dag_id] == "decommission":
        snapshot = snapshot_step.kept(place.ports)
        parts, problems = drafts(snapshot, place.policy, place.run.claim, tuple(params["servers"] or ()))
        draft = Plan(snapshot.site, snapshot.rack, snapshot.rack_id, snapshot.rack_status, tuple(parts))
        plan = None if problems else draft
    if plan is None:
        return ""
    wanted = json.dumps({name: value for name, value in params.items() if name not in UNHASHED}, sort_keys=True)
    return hashlib.sha256(f"{place.run.dag_id} {wanted} {plan.sha256}".encode()).hexdigest()
