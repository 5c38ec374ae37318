"""survey: look at every server that is to leave, and at who serves at its site. It only asks, and says what nobody answered.

One look, without waiting: who does not answer now is said so, and whoever reads it decides what that means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from turnup.domain.errors import TurnupError
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.sealing import drafts
from turnup.domain.seals import SealedDrive
from turnup.domain.servers import Server
from turnup.domain.surveys import FromBmc, Inside, SiteSurvey, Survey
from turnup.erasure import drives
from turnup.erasure.drives import Unreadable
from turnup.flow import standing, traffic
from turnup.flow.bmc_trust import known_bmc
from turnup.flow.documents import dump, load
from turnup.flow.job import Job, Run
from turnup.flow.steps import identity
from turnup.flow.steps import plan as plan_step
from turnup.flow.steps import snapshot as snapshot_step
from turnup.ports import Ports, Records, Shell

FOLDER = "survey"
NO_MAC = {"", "00:00:00:00:00:00"}


class _NoAnswer(Exception):
    """Somebody could not be asked; the text says why."""


type Mapped = Callable[[Callable[[ServerPlan], Survey], Iterable[ServerPlan]], Iterable[Survey]]
"""How the servers are looked at: one after the other (`map`), or several at once."""


def take(
    run: Run, ports: Ports, policy: Policy, names: Sequence[str], host_key: Callable[[Server], str | None], mapped: Mapped = map
) -> SiteSurvey:
    """Look at the named servers of the snapshot; `host_key` is the one on record. Once there is a seal, what it rests on stays.

    Those with whose facts in NetBox something is wrong are not looked at: the seal says what.
    """
    if plan_step.is_made(ports.records):
        return kept(ports.records)
    snapshot = snapshot_step.kept(ports)
    parts, _ = drafts(snapshot, policy, run.claim, names)
    draft = Plan(snapshot.site, snapshot.rack, snapshot.rack_id, snapshot.rack_status, tuple(parts), flow="decommission")
    strict = replace(policy.site, trust_bmc_on_first_use=False)  # who is to be wiped is known beforehand
    servers = {server.id: server for server in snapshot.servers}

    def one(part: ServerPlan) -> Survey:
        return of_server(Job(run, FOLDER, draft, part, strict, ports), host_key(servers[part.id]))

    seen = standing.look(ports, policy.site, {part.role for part in parts})
    seen = replace(seen, servers=tuple(mapped(one, parts)))
    number = len(ports.records.names(FOLDER)) + 1
    ports.records.write(f"{FOLDER}/{number}.json", dump(SiteSurvey, seen))
    return seen


def kept(records: Records) -> SiteSurvey:
    """The survey that was made last; one in which nobody was looked at, where there is none."""
    number = len(records.names(FOLDER))
    name = f"{FOLDER}/{number}.json"
    content = records.read(name) if number else None
    return load(SiteSurvey, content, name) if content is not None else SiteSurvey(at="")


def host_key_on_record(server: Server, records: Records) -> str | None:
    """The SSH host key that the run which held the server last proved to be its own; `records` are that run's.

    A decommission that was aborted before it booted anything has proven none, and knows the one that was sealed.
    """
    number = len(records.names(f"identity/{server.name}"))
    content = records.read(f"identity/{server.name}/{number}.json") if number else None
    proven = json.loads(content) if content is not None else {}
    if proven.get("serial") == server.serial and proven.get("host_key"):
        return str(proven["host_key"])
    parts = plan_step.first(records).servers if plan_step.is_made(records) else ()
    known = (one.sealed.host_key for one in parts if (one.id, one.serial) == (server.id, server.serial) and one.sealed)
    return next(known, None)


def of_server(job: Job, host_key: str | None) -> Survey:
    """What can be seen of one server now."""
    unknown: dict[str, str] = {}
    bmc = _asked(lambda: _bmc(job), "BMC", unknown)
    inside = _asked(lambda: _inside(job, host_key), "running system", unknown)
    minion = _asked(lambda: _minion(job), "Salt minion", unknown) or False
    member = _asked(lambda: _membership(job), "load balancer", unknown)
    state, connections = member or ("", 0)
    return Survey(job.server.name, inside, bmc, minion, state, connections, unknown)


def _asked[T](look: Callable[[], T], what: str, unknown: dict[str, str]) -> T | None:
    """What the look finds; None, and why in `unknown`, where it finds nothing out."""
    try:
        return look()
    except TurnupError as error:
        unknown[what] = error.what
    except _NoAnswer as error:
        unknown[what] = str(error)
    return None


def _bmc(job: Job) -> FromBmc:
    if job.server.out_of_band.present is None:
        raise _NoAnswer("NetBox has no address for it")
    looking = known_bmc(job)
    try:
        wait = next(looking)
    except StopIteration as found:
        system = found.value[0].system()
        return FromBmc(system.serial, system.power, tuple(mac.lower() for mac in system.macs))
    looking.close()
    raise wait.error()


def _inside(job: Job, host_key: str | None) -> Inside:
    present = job.server.management.present
    if present is None:
        raise _NoAnswer("NetBox has no address for it")
    ip = present.split("/", maxsplit=1)[0]
    shell = job.ports.shell(ip, host_key)
    try:
        if not shell.answers():
            raise _NoAnswer(f"SSH does not answer at {ip}")
        return _of_system(job, shell, host_key)
    finally:
        shell.close()


def _of_system(job: Job, shell: Shell, host_key: str | None) -> Inside:
    serial = identity.read(job, shell, "dmidecode", "-s", "system-serial-number").strip()
    macs = tuple(sorted(identity.macs(job, shell) - NO_MAC))
    return Inside(serial, macs, _drives(identity.read(job, shell, *drives.LSBLK)), shell.host_key(), host_key is not None)


def _drives(printed: str) -> tuple[SealedDrive, ...]:
    try:
        seen = drives.read(printed)
    except Unreadable as error:
        raise _NoAnswer(f"its drives cannot be read: {error}") from error
    found = (one.drive for one in seen)
    return tuple(SealedDrive(one.serial, one.size, one.model, one.slot or one.device) for one in found)


def _minion(job: Job) -> bool:
    if not job.ports.salt.is_up(job.server.hostname):
        raise _NoAnswer(f"{job.server.hostname} does not answer the Salt master")
    return True


def _membership(job: Job) -> tuple[str, int]:
    if not traffic.has_pool(job) or job.server.management.present is None:
        return "", 0
    member = job.ports.traffic.state(traffic.target(job, job.server.management.present.split("/", maxsplit=1)[0]))
    return str(member.state), member.connections
