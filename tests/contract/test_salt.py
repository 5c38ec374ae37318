"""What every ConfigManagement does: one suite over the fake and the lab's Salt master with a minion that the test starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from lab import paths
from lab.datacenter import SALT_PUBLISH_PORT, SALT_RETURN_PORT, SERVICES_ADDRESS
from tests.contract.processes import eventually, running
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.salt_events import EventStream
from turnup.domain.errors import Refused, Transient
from turnup.fakes.salt import FakeSalt
from turnup.flow.steps.salt_key import der_sha256
from turnup.ports import ConfigManagement, Returned

GRAINS = "grains.items"  # a function that the lab's account may call, with a return of some size
PATTERNS = ["*", "contract-*", "a,b", "a?", "[a-z]", "", "A.example", "a.example\n", "-a", "../x", "a b"]


@dataclass(frozen=True)
class World:
    """A master with one minion whose key waits, and one id that nobody has."""

    salt: ConfigManagement
    minion: str
    key: str
    nobody: str

    def accept(self) -> None:
        self.salt.accept_key(self.minion)
        eventually(lambda: self.salt.is_up(self.minion), f"{self.minion} is up", within=90)

    def ends(self, function: str, **keywords: object) -> Returned:
        job = self.salt.submit(self.minion, function, (), keywords)
        eventually(lambda: self.salt.returned(job, self.minion) is not None, f"{function} returns", within=60)
        returned = self.salt.returned(job, self.minion)
        assert returned is not None
        return returned


def fake() -> World:
    minion = "contract.example"
    salt = FakeSalt({GRAINS: lambda call: Returned(True, 0, {"id": call.minion_id})})
    salt.offer(minion, "ab" * 32)
    return World(salt, minion, "ab" * 32, "nobody.example")


@contextmanager
def waiting_minion(salt: ConfigManagement) -> Iterator[tuple[str, str]]:
    """(id, public key as PEM) of a real minion whose key waits at the lab's master; it is gone afterwards, its key as well."""
    minion = f"contract-{token_hex(4)}.example"
    with TemporaryDirectory(prefix="minion-") as name:  # sockets below it: their paths have at most 107 characters
        folder = Path(name)
        (folder / "minion").write_text(
            f"id: {minion}\nmaster: {SERVICES_ADDRESS}\npublish_port: {SALT_PUBLISH_PORT}\nmaster_port: {SALT_RETURN_PORT}\n"
            f"root_dir: {folder}\nsock_dir: {folder}/s\nacceptance_wait_time: 1\nmine_enabled: false\n"
            "enable_fqdns_grains: false\nenable_gpu_grains: false\n"
        )
        program = paths.ENV / "salt" / "bin" / "salt-minion"
        with ExitStack() as cleaning:
            cleaning.callback(salt.delete_key, minion)
            cleaning.enter_context(running([str(program), "--disable-keepalive", "-c", name], folder / "log"))
            eventually(lambda: salt.waiting_key(minion) is not None, f"the key of {minion} waits", within=60)
            yield minion, next(folder.rglob("minion.pub")).read_text()


def client(endpoints: Mapping[str, Any]) -> SaltApi:
    salt = endpoints["salt"]
    return SaltApi(salt["url"], salt["username"], salt["password"], salt["eauth"], salt["ca"], 30)


@pytest.fixture(params=["fake", "salt"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    salt = client(request.getfixturevalue("endpoints"))
    with waiting_minion(salt) as (minion, public):
        yield World(salt, minion, der_sha256(public), f"contract-{token_hex(4)}.example")


def test_a_minion_from_its_first_key_to_its_last_job(world: World) -> None:
    salt, minion = world.salt, world.minion
    assert salt.waiting_key(minion) == world.key
    assert salt.accepted_key(minion) is None
    with pytest.raises(Transient):
        salt.submit(minion, GRAINS, (), {})

    world.accept()
    salt.accept_key(minion)
    assert salt.accepted_key(minion) == world.key
    assert salt.waiting_key(minion) is None

    returned = world.ends(GRAINS)
    assert returned.success
    assert returned.retcode == 0
    assert isinstance(returned.value, dict)
    assert returned.value["id"] == minion

    salt.delete_key(minion)
    assert salt.accepted_key(minion) is None


def test_of_a_minion_that_does_not_exist(world: World) -> None:
    salt, nobody = world.salt, world.nobody
    assert salt.waiting_key(nobody) is None
    assert salt.accepted_key(nobody) is None
    assert not salt.is_up(nobody)
    with pytest.raises(Refused, match=nobody):
        salt.accept_key(nobody)
    with pytest.raises(Transient, match=nobody):
        salt.submit(nobody, GRAINS, (), {})
    salt.delete_key(nobody)


def test_a_function_that_the_account_may_not_call_is_refused(world: World) -> None:
    with pytest.raises(Refused, match=r"cmd\.run"):
        world.salt.submit(world.nobody, "cmd.run", (), {"cmd": "id"})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_no_minion(pattern: str, endpoints: Mapping[str, Any]) -> None:
    for salt in (FakeSalt(), client(endpoints)):
        for call in (
            salt.waiting_key,
            salt.accepted_key,
            salt.accept_key,
            salt.delete_key,
            salt.is_up,
            lambda minion, salt=salt: salt.submit(minion, "test.ping", (), {}),
            lambda minion, salt=salt: salt.returned("20260101000000000000", minion),
        ):
            with pytest.raises(Refused):
                call(pattern)


def test_a_return_that_came_while_nobody_listened_is_looked_up(endpoints: Mapping[str, Any]) -> None:
    salt = client(endpoints)
    with waiting_minion(salt) as (minion, _):
        World(salt, minion, "", "").accept()
        job = salt.submit(minion, "test.ping", (), {})
        eventually(lambda: salt.returned(job, minion) is not None, "test.ping returns")
        late = client(endpoints)
        late._stream = EventStream(late._session)  # as in a process that starts only now
        eventually(lambda: late.returned(job, minion) == Returned(True, 0, True), "the job is looked up", within=10)
