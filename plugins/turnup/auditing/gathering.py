"""Facts of one site, gathered in bulk: first what is intended and what services were told, then what is really there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from turnup.auditing import sampling
from turnup.auditing.reach import Reach
from turnup.auditing.together import Answers, together
from turnup.checks.kind import Check
from turnup.domain.errors import Transient
from turnup.domain.facts import BmcSeen, Device, Estate, Facts, Source
from turnup.domain.networks import Networks
from turnup.domain.policy import Policy
from turnup.domain.states import Status
from turnup.sources import BmcTarget, Keys

log = logging.getLogger(__name__)

GONE = (Status.INVENTORY, Status.OFFLINE)
ENOUGH = 4
"""Of so many BMCs, or SSH servers, at least one answers: where none does, it is the network or the audit's own place."""

GRACE = 10.0
"""Seconds more than the limit for those that mind it themselves: what they found by then is worth having."""

WHO = (Source.OWNERS, Source.MINIONS, Source.STATES, Source.AIRFLOW)
"""Those that are asked when all of NetBox is read."""

BEHIND: Mapping[Source, Source] = {Source.MINIONS: Source.KEYS, Source.STATES: Source.MINIONS, Source.LEASES: Source.DHCP}
"""{source: another one that it cannot do without}."""


@dataclass(frozen=True)
class Gathered:
    """A site's facts, and how many seconds each source took."""

    facts: Facts
    took: Mapping[Source, float]


def gather(
    policy: Policy, reach: Reach, checks: Mapping[str, Check], waiting_since: Mapping[str, datetime], now: datetime
) -> Gathered:
    """Ask every source that one of these checks needs, and those that these cannot do without."""
    needed = _needed(checks)
    site, seconds = policy.site.site, float(policy.site.audit.seconds)
    first: dict[Source, Callable[[], Any]] = {
        Source.NETBOX: lambda: reach.estates.estate(site),
        Source.SETUP: reach.setup.misfits,
        Source.DHCP: lambda: (reach.dhcp.subnets(), reach.dhcp.every_reservation()),
        Source.LEASES: reach.dhcp.every_lease,
        Source.KEYS: reach.master.keys,
        Source.BOOT: reach.boot_files.macs,
        **_there(policy, now, reach, seconds),
    }
    answers = together({source: ask for source, ask in first.items() if source in needed}, seconds + GRACE)
    facts = _seen(_told(policy, now, answers, waiting_since), answers)
    took, silent = dict(answers.took), dict(answers.silent)
    if Source.NETBOX in silent:
        silent = {source: why for source, why in silent.items() if source not in (Source.BMC, Source.SSH)}
        unasked = dict.fromkeys(needed - first.keys(), "NetBox did not say whom to ask.")
        return Gathered(replace(facts, silent=silent, unasked=unasked), took)
    second = {source: ask for source, ask in _who(facts, reach).items() if source in needed}
    if Source.KEYS in silent:
        second.pop(Source.MINIONS, None)
    answers = together(second, seconds)
    facts = _asked(replace(facts, silent={**silent, **answers.silent}), answers)
    facts = replace(facts, unasked=_unasked(needed, facts.silent))
    if Source.STATES in needed - facts.unasked.keys():
        facts, more = _tried(facts, reach, seconds, now)
        took |= more
    return Gathered(facts, {**took, **answers.took})


def _needed(checks: Mapping[str, Check]) -> set[Source]:
    needed = {source for check in checks.values() for source in check.needs} | {Source.NETBOX}
    for source, other in BEHIND.items():
        if source in needed:
            needed |= {other, BEHIND.get(other, other)}
    if Source.KEYS in needed and Source.SSH in needed:
        needed.add(Source.MINIONS)  # a minion that answers is a sign of life, too
    return needed


def _unasked(needed: set[Source], silent: Mapping[Source, str]) -> dict[Source, str]:
    """What cannot be asked without a source that is silent, in the order in which they need each other."""
    found: dict[Source, str] = {}
    for source in (Source.LEASES, Source.MINIONS, Source.STATES):
        other = BEHIND[source]
        if source in needed - silent.keys() and (other in silent or other in found):
            found[source] = f"It cannot be asked without {other}."
    return found


def _told(policy: Policy, now: datetime, answers: Answers, waiting_since: Mapping[str, datetime]) -> Facts:
    """What the first sources said."""
    subnets, reservations = answers.given.get(Source.DHCP, ({}, ()))
    keys = answers.given.get(Source.KEYS, Keys())
    return Facts(
        policy=policy,
        now=now,
        estate=answers.given.get(Source.NETBOX, Estate(policy.site.site)),
        setup=answers.given.get(Source.SETUP, ()),
        subnets=subnets,
        reservations=reservations,
        leases=answers.given.get(Source.LEASES, ()),
        accepted_keys=keys.accepted,
        waiting_keys=keys.waiting,
        waiting_since={minion: waiting_since.get(minion, now) for minion in keys.waiting},
        boot_macs=frozenset(answers.given.get(Source.BOOT, ())),
    )


def _there(policy: Policy, now: datetime, reach: Reach, seconds: float) -> dict[Source, Callable[[], Any]]:
    """How to look who is there, as soon as NetBox's outline says where, while the rest of NetBox is still read."""
    end = time.monotonic() + seconds

    def outline() -> tuple[Facts, float]:
        estate = reach.estates.outline(policy.site.site)
        return Facts(policy, now, estate), max(1.0, end - time.monotonic())

    def bmcs() -> tuple[Mapping[int, BmcSeen], str]:
        facts, left = outline()
        targets = _bmc_targets(facts)
        return _some("BMC", len(targets), reach.bmcs.look(targets, left), _shows)

    def doors() -> tuple[Mapping[int, bool], str]:
        facts, left = outline()
        addresses = _addresses(facts)
        return _some("SSH server", len(addresses), reach.doors.knock(addresses, left), bool)

    return {Source.BMC: bmcs, Source.SSH: doors}


def _who(facts: Facts, reach: Reach) -> dict[Source, Callable[[], Any]]:
    """How to ask minions and Airflow, when it is known about whom."""
    minions = {facts.minion_of(one) for one in facts.still if one.server.status in (Status.ACTIVE, *GONE)} & facts.accepted_keys
    return {
        Source.MINIONS: lambda: (frozenset(minions), reach.master.answering(minions) if minions else frozenset()),
        Source.OWNERS: lambda: _owned(facts, reach),
        Source.AIRFLOW: lambda: _ended(facts, reach),
    }


def _owned(facts: Facts, reach: Reach) -> frozenset[str]:
    """Of what services have and no device read here: what another one in NetBox has. Sites may share services."""
    macs = {one.mac for one in facts.reservations} | {one.mac for one in facts.leases} | facts.boot_macs
    strange = macs - facts.macs.keys(), (facts.accepted_keys | facts.waiting_keys) - facts.minions.keys()
    site = facts.policy.site
    return reach.estates.owned(site.site, site.domain, *strange) if any(strange) else frozenset()


def _ended(facts: Facts, reach: Reach) -> frozenset[str]:
    """Claims of runs that ended and still are there: a run may have ended, and let go, since NetBox was read."""
    holds = {one.server.claim: one.server.id for one in facts.estate.devices if one.server.claim}
    ended = reach.claims.ended(holds.keys()) if holds else frozenset()
    return frozenset(claim for claim in ended if reach.inventory.device(holds[claim]).claim == claim)


def _bmc_targets(facts: Facts) -> list[BmcTarget]:
    """The BMCs whose address lies in an out-of-band prefix of the site: nothing is sent anywhere else."""
    role = facts.policy.site.out_of_band_prefix_role
    networks = Networks(one.cidr for one in facts.estate.prefixes if one.role == role)
    return [
        BmcTarget(one.server.id, one.server.oob_ip.ip, one.server.bmc_certificate)
        for one in facts.still
        if one.server.oob_ip is not None and networks.of(one.server.oob_ip.ip) is not None
    ]


def _addresses(facts: Facts) -> dict[int, str]:
    """{device id: where its SSH would answer}, of those that serve and those that left."""

    def address(device: Device) -> str | None:
        first = device.server.primary_ip4 or device.server.primary_ip6
        return first.ip if first else None

    wanted = [one for one in facts.still if one.server.status in (Status.ACTIVE, *GONE)]
    return {one.server.id: found for one in wanted if (found := address(one)) is not None}


def _shows(seen: BmcSeen) -> bool:
    return seen.certificate is not None


def _some[S](noun: str, asked: int, found: Mapping[int, S], answers: Callable[[S], bool]) -> tuple[Mapping[int, S], str]:
    """What was found, and whether some were not asked. Transient: of many none answers."""
    if asked >= ENOUGH and not any(map(answers, found.values())):
        raise Transient(f"None of {asked} {noun}s answers.", "look whether this machine can reach their network.")
    missing = asked - len(found)
    return found, f"{missing} of {asked} were not asked: the time was over." if missing else ""


def _seen(facts: Facts, answers: Answers) -> Facts:
    """What BMCs and SSH servers showed."""
    bmcs, bmcs_missing = answers.given.get(Source.BMC, ({}, ""))
    doors, doors_missing = answers.given.get(Source.SSH, ({}, ""))
    is_open = frozenset(key for key, answers in doors.items() if answers)
    partial = {source: why for source, why in ((Source.BMC, bmcs_missing), (Source.SSH, doors_missing)) if why}
    return replace(facts, bmcs=bmcs, knocked=frozenset(doors), open=is_open, partial=partial)


def _asked(facts: Facts, answers: Answers) -> Facts:
    """What minions and Airflow answered."""
    asked, answering = answers.given.get(Source.MINIONS, (frozenset(), frozenset()))
    return replace(
        facts,
        asked=asked,
        answering=answering,
        ended_claims=answers.given.get(Source.AIRFLOW, frozenset()),
        elsewhere=answers.given.get(Source.OWNERS, frozenset()),
    )


def _tried(facts: Facts, reach: Reach, seconds: float, now: datetime) -> tuple[Facts, Mapping[Source, float]]:
    """The sample, last: whom to ask is known when it is known who answers."""
    count = facts.policy.site.audit.sample

    def ask() -> sampling.Sample:
        return sampling.take(reach, sampling.chosen(facts, count, reach.trial, now.isoformat()), seconds)

    answers = together({Source.STATES: ask}, seconds + GRACE)
    found: sampling.Sample = answers.given.get(Source.STATES, sampling.Sample({}))
    partial = {**facts.partial, **({Source.STATES: " ".join(found.missing)} if found.missing else {})}
    return replace(facts, tried=found.tried, partial=partial, silent={**facts.silent, **answers.silent}), answers.took
