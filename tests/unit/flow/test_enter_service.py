"""The last row of an install: a live server enters its pool, and where it does not, it stays `active`, says why, and resumes."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.unit.flow.datacenter import POLICY, DataCenter, Install
from turnup.domain.errors import Refused, Transient
from turnup.domain.holds import Hold
from turnup.domain.policy import Traffic
from turnup.flow import replanning
from turnup.ports import DeviceWrite, InPool, Target

WITHOUT_POOL = replace(POLICY, site=replace(POLICY.site, traffic=Traffic()))
ROW = "enter_service"
AWAY = Transient("HAProxy at lb1:9999 does not answer.", cause="traffic-unavailable")


def live(world: DataCenter, run_id: str = "run-1") -> Install:
    """An install whose servers are live and have not entered their pool yet."""
    install = Install(world, run_id)
    install.make_plan()
    for name in install.rack_rows():
        assert all(install.row(row.name, name) for row in install.flow.server_rows if row.name != ROW), install.failed
    return install


def address(world: DataCenter, number: int = 1) -> str:
    ip = world.inventory.device(number).primary_ip4
    assert ip is not None
    return ip.cidr.split("/")[0]


def in_pool(world: DataCenter, number: int = 1) -> InPool:
    return world.traffic.state(Target("edge", f"a{number}.here.example", address(world, number))).state


def ill(world: DataCenter) -> Install:
    """a1's service fails its health check, and so its part of the run has failed."""
    install = live(world)
    world.traffic.unwell.add(address(world))
    assert not install.row(ROW, "a1")
    return install


def test_every_server_serves_at_its_primary_address_under_its_host_name() -> None:
    world = DataCenter(3)
    assert Install(world).everything() == {}
    serving = [(one.name, one.address) for one in world.traffic.serving("edge")]
    assert serving == [(f"a{number}.here.example", address(world, number)) for number in (1, 2, 3)]


def test_the_plan_says_which_pool_a_server_will_serve_in() -> None:
    assert Install(DataCenter(1)).make_plan().servers[0].pool == "edge"
    assert Install(DataCenter(1), policy=WITHOUT_POOL).make_plan().servers[0].pool is None


def test_a_role_without_a_pool_has_nothing_to_enter(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = DataCenter(1)
    assert Install(world, policy=WITHOUT_POOL).everything() == {}
    assert world.statuses() == {"a1": "active"}
    assert world.claims() == {"a1": None}
    assert world.traffic.calls == []
    assert "its role edge has no pool" in caplog.text
    assert world.inventory.journal[-1].kind == "success"


def test_the_run_holds_the_server_until_it_serves() -> None:
    world = DataCenter(1)
    install = live(world)
    assert world.statuses() == {"a1": "active"}
    assert world.claims() == {"a1": "server_install/run-1"}
    world.traffic.unwell.add(address(world))
    seen: list[str | None] = []

    def between() -> None:
        seen.append(world.claims()["a1"])
        world.traffic.unwell.clear()

    install.between = between
    assert install.row(ROW, "a1")
    assert seen == ["server_install/run-1"]
    assert world.claims() == {"a1": None}


def test_a_server_that_does_not_serve_stays_active_says_why_and_is_out_of_the_pool() -> None:
    world = DataCenter(2)
    install = ill(world)
    assert install.row(ROW, "a2")
    assert world.statuses() == {"a1": "active", "a2": "active"}
    assert world.claims() == {"a1": None, "a2": None}
    assert (in_pool(world, 1), in_pool(world, 2)) == (InPool.ABSENT, InPool.SERVING)
    cause = world.inventory.causes[1]
    for words in ("enter_service: a1 (serial S1", "did not pass in 120 s", "Connection refused", "Next: ", "[not-in-service]"):
        assert words in cause
    assert list(install.finish()) == ["a1"]
    assert [entry.kind for entry in world.inventory.journal] == ["danger", "success"]
    assert "active, and not in service" in world.inventory.journal[0].comments


def test_it_resumes_at_that_row_alone_and_the_cause_goes() -> None:
    world = DataCenter(1)
    install = ill(world)
    assert install.finish()
    world.traffic.unwell.clear()
    before = len(world.salt.submitted)
    assert install.row(ROW, "a1", resumed=True), install.failed
    assert in_pool(world) is InPool.SERVING
    assert world.inventory.causes[1] == ""
    assert world.claims() == {"a1": None}
    assert install.finish() == {}
    assert len(world.salt.submitted) == before
    assert world.servers["a1"].bmc.power == "On"


def test_a_live_server_is_never_planned_again() -> None:
    world = DataCenter(1)
    install = ill(world)
    world.inventory.correct(1, lambda server: replace(server, serial="S1-new"))
    assert replanning.propose(install.job(ROW, "a1"), install.policy) is None
    assert not install.row(ROW, "a1", resumed=True)
    assert install.failed["a1"].cause == "facts-changed"
    assert in_pool(world) is InPool.ABSENT


@pytest.mark.parametrize("method", ["enter", "state"])
@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
def test_a_load_balancer_that_is_away_for_a_while_is_waited_for(method: str, answer_lost: bool) -> None:
    world = DataCenter(1)
    install = live(world)
    world.traffic.fail_next(method, AWAY, times=7, answer_lost=answer_lost)
    assert install.row(ROW, "a1"), install.failed
    assert in_pool(world) is InPool.SERVING


def test_a_load_balancer_that_stays_away_is_the_cause() -> None:
    world = DataCenter(1)
    install = live(world)
    world.traffic.fail_next("enter", AWAY, times=1000)
    world.traffic.fail_next("leave", AWAY, times=1000)
    assert not install.row(ROW, "a1")
    assert "lb1:9999 does not answer" in world.inventory.causes[1]
    assert world.statuses() == {"a1": "active"}


def test_a_pool_that_is_not_there_is_told_at_once() -> None:
    world = DataCenter(1)
    install = live(world)
    world.traffic.fail_next("enter", Refused("HAProxy has no such backend.", cause="traffic-pool"))
    assert not install.row(ROW, "a1")
    assert install.failed["a1"].cause == "traffic-pool"
    assert install.now < 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (DeviceWrite(status="decommissioning", claim="server_decommission/x"), "held by the run server_decommission/x"),
        (DeviceWrite(claim="server_adopt/x"), "held by the run server_adopt/x"),
        (DeviceWrite(status="offline"), "is offline"),
        (DeviceWrite(status="planned"), "is planned"),
    ],
)
def test_it_does_not_resume_on_a_server_that_is_somebody_else_s_or_not_active_any_more(change: DeviceWrite, words: str) -> None:
    world = DataCenter(1)
    install = ill(world)
    world.traffic.unwell.clear()
    world.inventory.write(1, world.inventory.device(1).version, change, "by hand")
    before = world.statuses(), world.claims()
    assert not install.row(ROW, "a1", resumed=True)
    assert words in str(install.failed["a1"])
    assert in_pool(world) is InPool.ABSENT
    assert (world.statuses(), world.claims()) == before


def test_it_does_not_bring_in_a_server_that_it_did_not_make_live() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    world.inventory.write(1, world.inventory.device(1).version, DeviceWrite(status="active", claim=""), "by hand")
    assert not install.row(ROW, "a1", resumed=True)
    assert install.failed["a1"].cause == "claim-lost"
    assert in_pool(world) is InPool.ABSENT


def test_a_server_that_is_taken_out_of_active_while_it_enters_leaves_the_pool_again() -> None:
    world = DataCenter(1)
    install = live(world)
    world.inventory.write(1, world.inventory.device(1).version, DeviceWrite(status="offline"), "by hand")
    assert not install.row(ROW, "a1")
    assert install.failed["a1"].cause == "claim-lost"
    assert in_pool(world) is InPool.ABSENT


def test_a_comment_on_the_device_meanwhile_is_no_obstacle() -> None:
    world = DataCenter(1)
    install = live(world)
    world.inventory.correct(1, lambda server: replace(server, asset_tag="new tag"))
    assert install.row(ROW, "a1"), install.failed
    assert world.claims() == {"a1": None}


def test_a_row_that_died_without_a_word_is_told_and_the_server_stays_active() -> None:
    world = DataCenter(1)
    install = live(world)
    failures = install.finish()
    assert failures["a1"].cause == "row-died"
    assert world.statuses() == {"a1": "active"}
    assert world.claims() == {"a1": None}


def test_a_hold_keeps_it_out_of_the_pool_until_it_is_lifted() -> None:
    world = DataCenter(1)
    install = live(world)
    world.inventory.held.append(Hold("here", "no changes at lunch"))

    def between() -> None:
        assert in_pool(world) is InPool.ABSENT
        world.inventory.held.clear()

    install.between = between
    assert install.row(ROW, "a1")
    assert in_pool(world) is InPool.SERVING


def test_an_abort_takes_a_server_out_of_the_pool_that_somebody_set_back_by_hand() -> None:
    world = DataCenter(1)
    clean = world.footprint()
    install = Install(world)
    install.everything()
    world.inventory.write(1, world.inventory.device(1).version, DeviceWrite(status="failed"), "by hand")
    install.abort()
    assert world.footprint() == clean
