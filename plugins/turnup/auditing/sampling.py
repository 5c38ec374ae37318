"""A few servers, others each time, try their states with `test=True`: nothing on them is changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from turnup.auditing.reach import Reach, Trial
from turnup.domain.errors import TurnupError
from turnup.domain.facts import Device, Facts, Tried
from turnup.domain.salt_states import judge
from turnup.domain.states import Status
from turnup.ports import ConfigManagement

STATES, GRAINS = "state.sls", "grains.items"
LOOK_EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Sample:
    """{minion id: what it said}, and what is not known of others."""

    tried: Mapping[str, Tried]
    missing: tuple[str, ...] = ()


def chosen(facts: Facts, count: int, trial: Trial, salt: str) -> list[tuple[str, Mapping[str, Any]]]:
    """(minion id, keywords) of so many live servers that answer; `salt` decides which, so that each audit tries others."""

    def turn(device: Device) -> str:
        return hashlib.sha256(f"{salt} {device.name}".encode()).hexdigest()

    able = [
        one
        for one in facts.still
        if one.server.status == Status.ACTIVE and one.server.last_run and facts.minion_of(one) in facts.answering
    ]
    found: list[tuple[str, Mapping[str, Any]]] = []
    for device in sorted(able, key=turn):
        if len(found) >= count:
            break
        if (keywords := trial(device)) is not None:
            found.append((facts.minion_of(device), keywords))
    return found


def take(
    reach: Reach,
    sample: Sequence[tuple[str, Mapping[str, Any]]],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Sample:
    """Start all of their jobs, then wait for the returns, for so long at most."""
    end = clock() + seconds
    jobs = [
        (minion, function, _submit(reach.salt, minion, function, keywords))
        for minion, given in sample
        for function, keywords in ((STATES, {**given, "test": True}), (GRAINS, {}))
    ]
    returned: dict[tuple[str, str], object] = {}
    waiting = [(minion, function, job) for minion, function, job in jobs if job]
    while waiting:
        for one in list(waiting):
            minion, function, job = one
            answer = reach.salt.returned(str(job), minion)
            if answer is not None:
                returned[minion, function] = answer.value
                waiting.remove(one)
        if waiting and clock() >= end:
            break
        if waiting:
            pause(LOOK_EVERY)
    known = {minion for minion, function in returned if function == STATES}
    tried = {minion: Tried(_drifted(returned[minion, STATES]), _macs(returned.get((minion, GRAINS)))) for minion in sorted(known)}
    missing = tuple(f"{minion} did not return its states in {seconds:g} s." for minion, _ in sample if minion not in known)
    return Sample(tried, missing)


def _submit(salt: ConfigManagement, minion: str, function: str, keywords: Mapping[str, object]) -> str | None:
    """The job's id. A server that cannot be asked for its grains is tried all the same."""
    try:
        return salt.submit(minion, function, (), keywords)
    except TurnupError:
        if function == STATES:
            raise
        return None


def _drifted(returned: object) -> tuple[str, ...]:
    run = judge(returned)
    return (
        *(f"{one.id} ({one.function}) would change" for one in run.changes),
        *(f"{one.id} ({one.function}) fails" for one in run.failed),
    )


def _macs(returned: object) -> frozenset[str]:
    """From the grain `hwaddr_interfaces` {name: MAC}."""
    found = returned.get("hwaddr_interfaces") if isinstance(returned, Mapping) else None
    values = found.values() if isinstance(found, Mapping) else ()
    return frozenset(str(mac).lower() for mac in values) - {"00:00:00:00:00:00"}
