"""What every Traffic does: one suite over the fake and a HAProxy that the test starts, with web servers behind it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.contract.load_balancer import BACKEND, CHECK, Balancer, WebServers, web_servers
from tests.contract.processes import eventually, running
from turnup.adapters.traffic.haproxy import Haproxy
from turnup.adapters.traffic.haproxy_runtime import RuntimeApi, trust
from turnup.domain.errors import Conflict, Refused, Transient
from turnup.domain.policy import Pool
from turnup.fakes.traffic import FakeTraffic
from turnup.ports import InPool, Target, Traffic

ONE, TWO, THREE = (Target("edge", f"n{number}.contract.example", f"127.0.18.{number}") for number in (1, 2, 3))
KEEP = Path(__file__).parents[2] / "docs/keep_pools.py"


@dataclass(frozen=True)
class World:
    """A pool that is empty, and what a test does to the servers behind it: `load` gives one a request that lasts."""

    traffic: Traffic
    unwell: set[str]
    load: Callable[[Target], None]
    unload: Callable[[Target], None]

    def bring_in(self, *targets: Target) -> None:
        for target in targets:
            eventually(lambda target=target: self.entered(target) is InPool.SERVING, f"{target} serves")  # type: ignore[misc]

    def entered(self, target: Target) -> InPool:
        self.traffic.enter(target)
        return self.traffic.state(target).state

    def comes_to(self, target: Target, state: InPool) -> None:
        eventually(lambda: self.traffic.state(target).state is state, f"{target} is {state}")

    def addresses(self) -> list[str]:
        return [one.address for one in self.traffic.serving("edge")]


@dataclass(frozen=True)
class Real:
    """The load balancer and the web servers behind it; `api` reaches its runtime."""

    balancer: Balancer
    web: WebServers
    api: RuntimeApi

    @property
    def traffic(self) -> Haproxy:
        return self.over(self.api)

    def over(self, *apis: RuntimeApi) -> Haproxy:
        return Haproxy(apis, {"edge": Pool(BACKEND, self.web.port)}, CHECK, 5)

    def load(self, target: Target) -> None:
        while target.address not in self.web.holding:  # round robin: the others hold one each as well
            held = len(self.web.holding) + 1
            threading.Thread(target=self.balancer.get, args=("/hold",), daemon=True).start()
            eventually(lambda held=held: len(self.web.holding) >= held, "a request is held")  # type: ignore[misc]

    def unload(self, _: Target) -> None:
        self.web.release.set()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with ExitStack() as stack:
        web = stack.enter_context(web_servers((ONE.address, TWO.address, THREE.address)))
        balancer = Balancer(tmp_path)
        server, server_key, _ = self_signed(tmp_path, "server")
        (tmp_path / "server.pem").write_text(server.read_text() + server_key.read_text())
        client, client_key, _ = self_signed(tmp_path, "client")
        (tmp_path / "ca.pem").write_text(client.read_text())
        context = trust(str(server), client.read_text(), client_key.read_text())
        yield Real(balancer, web, RuntimeApi("127.0.0.1", balancer.runtime, context, 5))
        web.release.set()


@pytest.fixture(params=["fake", "haproxy"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        fake = FakeTraffic({"edge"})
        yield World(
            fake, fake.unwell, lambda one: fake.load.update({one.address: 1}), lambda one: fake.load.update({one.address: 0})
        )
        return
    real: Real = request.getfixturevalue("real")
    with real.balancer.runs():
        yield World(real.traffic, real.web.unwell, real.load, real.unload)


def test_a_server_that_entered_serves_and_twice_equals_once(world: World) -> None:
    world.bring_in(ONE, TWO)
    world.traffic.enter(ONE)
    assert world.addresses() == [ONE.address, TWO.address]
    assert [one.name for one in world.traffic.serving("edge")] == [ONE.hostname, TWO.hostname]
    assert world.traffic.state(ONE).connections == 0


def test_a_server_whose_health_check_fails_is_in_the_pool_and_gets_nothing_until_it_is_well(world: World) -> None:
    world.unwell.add(ONE.address)
    world.bring_in(TWO)
    assert world.entered(ONE) is InPool.DRAINING
    assert world.entered(ONE) is InPool.DRAINING
    assert world.addresses() == [TWO.address]
    world.unwell.remove(ONE.address)
    world.bring_in(ONE)
    assert world.addresses() == [ONE.address, TWO.address]


def test_a_server_that_falls_ill_in_service_is_not_counted(world: World) -> None:
    world.bring_in(ONE, TWO)
    world.unwell.add(ONE.address)
    world.comes_to(ONE, InPool.WAITING)
    assert world.addresses() == [TWO.address]
    assert world.traffic.state(ONE).said


def test_a_drained_server_keeps_what_it_bears_and_its_count_goes_to_zero(world: World) -> None:
    world.bring_in(ONE, TWO)
    world.load(ONE)
    world.traffic.drain(ONE)
    world.traffic.drain(ONE)
    assert world.traffic.state(ONE).state is InPool.DRAINING
    assert world.traffic.connections(ONE) == 1
    assert world.addresses() == [TWO.address]
    world.unload(ONE)
    eventually(lambda: world.traffic.connections(ONE) == 0, "its connections are gone")


def test_a_drained_server_that_is_unwell_is_still_drained(world: World) -> None:
    world.bring_in(ONE)
    world.traffic.drain(ONE)
    world.unwell.add(ONE.address)
    eventually(lambda: "200" not in world.traffic.state(ONE).said, "the check fails")
    assert world.traffic.state(ONE).state is InPool.DRAINING


def test_a_drained_server_comes_back(world: World) -> None:
    world.bring_in(ONE)
    world.traffic.drain(ONE)
    world.bring_in(ONE)
    assert world.addresses() == [ONE.address]


def test_who_leaves_is_gone_with_all_that_it_bears_and_may_come_back(world: World) -> None:
    world.bring_in(ONE, TWO)
    world.load(ONE)
    world.traffic.leave(ONE)
    world.traffic.leave(ONE)
    assert world.traffic.state(ONE).state is InPool.ABSENT
    assert world.traffic.connections(ONE) == 0
    assert world.addresses() == [TWO.address]
    world.bring_in(ONE)


def test_draining_and_leaving_who_never_came_changes_nothing(world: World) -> None:
    world.traffic.drain(ONE)
    world.traffic.leave(ONE)
    assert world.traffic.state(ONE).state is InPool.ABSENT
    assert world.traffic.connections(ONE) == 0


def test_a_role_without_a_pool_has_nobody_and_nobody_enters_it(world: World) -> None:
    stranger = Target("storage", ONE.hostname, ONE.address)
    with pytest.raises(Refused, match="storage has no pool") as refused:
        world.traffic.enter(stranger)
    assert refused.value.cause == "traffic-pool"
    world.traffic.drain(stranger)
    world.traffic.leave(stranger)
    assert world.traffic.state(stranger).state is InPool.ABSENT
    assert world.traffic.serving("storage") == ()


def test_a_name_that_another_address_has_is_refused_until_that_one_left(world: World) -> None:
    world.bring_in(ONE)
    moved = Target("edge", ONE.hostname, THREE.address)
    with pytest.raises(Conflict):
        world.traffic.enter(moved)
    assert world.addresses() == [ONE.address]
    world.traffic.leave(ONE)
    world.bring_in(moved)
    assert world.addresses() == [THREE.address]


def test_a_server_under_a_name_of_somebody_else_s_is_found_by_its_address(world: World) -> None:
    world.bring_in(Target("edge", "web-17", ONE.address))
    world.traffic.enter(ONE)
    assert [one.name for one in world.traffic.serving("edge")] == ["web-17"]
    world.traffic.drain(ONE)
    assert world.addresses() == []


def test_clients_are_answered_by_who_serves_and_by_nobody_else(real: Real) -> None:
    with real.balancer.runs():
        world = World(real.traffic, real.web.unwell, real.load, real.unload)
        assert real.balancer.get() == "503"
        world.bring_in(ONE, TWO)
        assert {real.balancer.get() for _ in range(6)} == {ONE.address, TWO.address}
        world.traffic.drain(ONE)
        assert {real.balancer.get() for _ in range(6)} == {TWO.address}


def kept_servers(file: Path) -> list[str]:
    return [line.split()[1] for line in file.read_text().splitlines() if line.startswith("    server ")]


def test_a_restart_begins_with_who_was_in_rotation_where_the_pools_are_kept(real: Real, tmp_path: Path) -> None:
    kept = real.balancer.folder / "pools/pool.cfg"
    keeper = [sys.executable, str(KEEP), str(real.balancer.socket), str(real.balancer.folder / "pools")]
    with running(keeper, tmp_path / "keeper.log"):
        with real.balancer.runs():
            World(real.traffic, set(), real.load, real.unload).bring_in(ONE, TWO, THREE)
            real.traffic.drain(TWO)
            eventually(lambda: kept_servers(kept) == [ONE.hostname, THREE.hostname], "the pool is written down")
        with real.balancer.runs():
            assert {real.balancer.get() for _ in range(6)} == {ONE.address, THREE.address}
            assert real.traffic.state(TWO).state is InPool.ABSENT
            real.traffic.leave(ONE)
            assert real.traffic.state(ONE).state is InPool.ABSENT


def test_several_load_balancers_are_one_and_the_worse_of_them_counts(real: Real, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    for name in ("server.pem", "ca.pem"):
        (tmp_path / "second" / name).write_bytes((tmp_path / name).read_bytes())
    second = Balancer(tmp_path / "second")
    other = RuntimeApi("127.0.0.1", second.runtime, real.api.context, 5)
    both = real.over(real.api, other)
    world = World(both, real.web.unwell, real.load, real.unload)
    with real.balancer.runs(), second.runs():
        world.bring_in(ONE, TWO)
        assert [second.get(), real.balancer.get()] != ["503", "503"]
        real.over(other).leave(ONE)
        assert both.state(ONE).state is InPool.WAITING
        assert world.addresses() == [TWO.address]
        both.drain(ONE)
        assert both.state(ONE).state is InPool.DRAINING


def test_a_haproxy_that_is_away_or_strange_is_told_apart(real: Real, tmp_path: Path) -> None:
    with pytest.raises(Transient, match=f"127.0.0.1:{real.balancer.runtime} does not answer") as away:
        real.traffic.serving("edge")
    assert away.value.cause == "traffic-unavailable"
    stranger, stranger_key, _ = self_signed(tmp_path, "stranger")
    known = (tmp_path / "server.crt", tmp_path / "client.crt", tmp_path / "client.key")
    with real.balancer.runs():
        for ca, certificate, key in ((stranger, *known[1:]), (known[0], stranger, stranger_key)):
            context = trust(str(ca), certificate.read_text(), key.read_text())
            with pytest.raises(Refused, match="certificate") as refused:
                real.over(RuntimeApi("127.0.0.1", real.balancer.runtime, context, 5)).serving("edge")
            assert refused.value.cause == "traffic-login"
        nowhere = Haproxy([real.api], {"edge": Pool("nowhere", 80)}, "check", 5)
        with pytest.raises(Refused, match="no such backend"):
            nowhere.enter(ONE)
    with pytest.raises(Refused, match="cannot be read"):
        trust(str(known[0]), "no certificate", "no key")


@pytest.mark.parametrize("name", ["a b", "a;show info", "a\nshow info", "", "a/b"])
def test_a_name_never_becomes_a_second_command(real: Real, name: str) -> None:
    with real.balancer.runs(), pytest.raises(Refused, match="cannot be a server's name"):
        real.traffic.enter(Target("edge", name, ONE.address))
