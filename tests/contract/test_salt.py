"""What every ConfigManagement does: one suite over the fake and the lab's Salt master with a minion that the test starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from lab import paths
from lab.datacenter import SALT_PUBLISH_PORT, SALT_RETURN_PORT, SERVICES_ADDRESS
from tests.contract.processes import eventually, running
from turnup.adapters.salt_api import SaltApi
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


def minion_of(folder: Path, minion: str) -> list[str]:
    """The command that runs a minion of that id, with everything of it in the folder."""
    (folder / "minion").write_text(
        f"id: {minion}\nmaster: {SERVICES_ADDRESS}\npublish_port: {SALT_PUBLISH_PORT}\nmaster_port: {SALT_RETURN_PORT}\n"
        f"root_dir: {folder}\nsock_dir: {folder}/s\nacceptance_wait_time: 1\nmine_enabled: false\n"
        "enable_fqdns_grains: false\nenable_gpu_grains: false\n"
    )
    return [str(paths.ENV / "salt" / "bin" / "salt-minion"), "--disable-keepalive", "-c", str(folder)]


def client(endpoints: Mapping[str, Any]) -> SaltApi:
    salt = endpoints["salt"]
    return SaltApi(salt["url"], salt["username"], salt["password"], salt["eauth"], salt["ca"], 30)


@pytest.fixture(params=["fake", "salt"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    salt, minion = client(request.getfixturevalue("endpoints")), f"contract-{token_hex(4)}.example"
    with ExitStack() as cleaning:
        cleaning.callback(salt.delete_key, minion)
        cleaning.enter_context(running(minion_of(tmp_path, minion), tmp_path / "log"))
        eventually(lambda: salt.waiting_key(minion) is not None, f"the key of {minion} waits", within=60)
        public = next(tmp_path.rglob("minion.pub")).read_text()
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


def test_a_return_that_came_while_nobody_listened_is_looked_up(endpoints: Mapping[str, Any], tmp_path: Path) -> None:
    salt, minion = client(endpoints), f"contract-{token_hex(4)}.example"
    with ExitStack() as cleaning:
        cleaning.callback(salt.delete_key, minion)
        cleaning.enter_context(running(minion_of(tmp_path, minion), tmp_path / "log"))
        eventually(lambda: salt.waiting_key(minion) is not None, f"the key of {minion} waits", within=60)
        World(salt, minion, "", "").accept()
        job = salt.submit(minion, "test.ping", (), {})
        eventually(lambda: salt.returned(job, minion) is not None, "test.ping returns", within=30)
        assert salt._session.call({"client": "runner", "fun": "jobs.list_job", "jid": job})["Result"][minion]["return"] is True
