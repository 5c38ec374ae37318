"""Preflight over fakes: what it finds, that it says everything at once, and that it touches nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.flow.datacenter import DataCenter, Install
from turnup.domain.errors import Transient
from turnup.flow import preflight
from turnup.flow.preflight import Check, Outcome


def look(install: Install) -> list[Check]:
    """Everything that a dry run looks at."""
    names = install.make_plan().names
    services = preflight.of_services(install.rack_job("preflight", names))
    return [*services, *(check for name in names for check in preflight.of_server(install.job("preflight", name)))]


def problems(checks: list[Check]) -> dict[str, str]:
    return {check.check: check.cause for check in checks if check.outcome is Outcome.PROBLEM}


def known(world: DataCenter) -> DataCenter:
    """The rack on the day after: its BMCs have addresses, their certificates are on record, everything is off."""
    world.servers["a1"].boots = False
    world.servers["a2"].boots = False
    Install(world, "run-0").everything()
    assert set(world.statuses().values()) == {"failed"}
    for server in world.servers.values():
        server.boots = True
        server.bmc.calls.clear()
    return world


def test_a_rack_on_the_day_it_was_mounted_has_no_problem_and_bmcs_that_nobody_can_check_yet() -> None:
    checks = look(Install(DataCenter(2)))
    assert problems(checks) == {}
    assert [check.outcome for check in checks if check.check == "BMC"] == [Outcome.NOT_CHECKED] * 2


def test_a_rack_whose_bmcs_are_known_is_checked_whole() -> None:
    checks = look(Install(known(DataCenter(2))))
    assert {check.outcome for check in checks} == {Outcome.OK}
    assert {check.check for check in checks} == {"DHCP (kea_hosts_database)", "Salt", "boot files", "room", "BMC", "Salt key"}


def test_it_touches_nothing() -> None:
    world = known(DataCenter(2))
    world.inventory.messages.clear()
    before = world.footprint()
    look(Install(world))
    assert world.footprint() == before
    assert world.inventory.messages == []
    assert {call for server in world.servers.values() for call in server.bmc.calls} <= {"certificate", "trust", "system"}


def set_bmc(**what: object) -> Callable[[DataCenter], None]:
    def breaks(world: DataCenter) -> None:
        for name, value in what.items():
            setattr(world.servers["a1"].bmc, name, value)

    return breaks


def old_key(world: DataCenter) -> None:
    world.salt.offer("a1.here.example", "ab" * 32)
    world.salt.accept_key("a1.here.example")


@pytest.mark.parametrize(
    ("breaks", "check", "cause"),
    [
        (set_bmc(answers=False), "BMC", "bmc-silent"),
        (set_bmc(password_ok=False), "BMC", "bmc-password"),
        (set_bmc(shown="cc" * 32), "BMC", "bmc-certificate-changed"),
        (set_bmc(serial="S2"), "BMC", "bmc-serial-differs"),
        (set_bmc(power="On"), "BMC", "power-already-on"),
        (old_key, "Salt key", "salt-key-differs"),
    ],
)
def test_what_is_wrong_with_a_server_is_found_by_its_cause(breaks: Callable[[DataCenter], None], check: str, cause: str) -> None:
    world = known(DataCenter(2))
    breaks(world)
    checks = look(Install(world))
    assert problems(checks) == {check: cause}
    (found,) = [one for one in checks if one.outcome is Outcome.PROBLEM]
    assert found.subject == "a1 (serial S1, rack A, U1)"
    assert "Next: " in str(found)


@pytest.mark.parametrize(
    ("fake", "method", "check"),
    [
        ("dhcp", "subnets", "DHCP (kea_hosts_database)"),
        ("salt", "waiting_key", "Salt"),
        ("boot_files", "read", "boot files"),
    ],
)
def test_a_service_that_does_not_answer_is_a_problem_of_its_own(fake: str, method: str, check: str) -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    getattr(world, fake).fail_next(method, Transient("It does not answer."))
    checks = preflight.of_services(install.rack_job("preflight", ("a1",)))
    assert problems(checks) == {check: "service-unavailable"}


def test_it_counts_the_addresses_that_will_be_taken() -> None:
    checks = look(Install(DataCenter(2)))
    assert [check.what for check in checks if check.check == "room"] == ["2 addresses will be taken"] * 2


def test_a_problem_reads_as_one_line_with_its_code() -> None:
    check = Check("a1", "BMC", Outcome.PROBLEM, "does not answer.", "look.", "bmc-silent")
    assert str(check) == "problem      a1, BMC: does not answer. Next: look. [bmc-silent]"
    assert check.document()["outcome"] == "problem"
