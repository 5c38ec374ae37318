"""A wait that ended badly says what was seen, and the cause that this shows; evidence never stands in the way of an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY, DataCenter, Install
from turnup.domain.errors import HardwareFault, Refused, Transient, TurnupError
from turnup.fakes.salt import Call
from turnup.flow import diagnosis
from turnup.flow.diagnosis import NOT_FETCHED
from turnup.ports import Lease, Returned

LONG_AGO = datetime.now(UTC) - timedelta(days=3)


def failed(world: DataCenter) -> TurnupError:
    """How a1 ends in an install in which a2 gets through."""
    install = Install(world)
    assert list(install.everything()) == ["a1"]
    assert world.statuses() == {"a1": "failed", "a2": "active"}
    return install.failed["a1"]


def uncabled(world: DataCenter) -> None:
    world.servers["a1"].cabled = False


def without_image(world: DataCenter) -> None:
    world.servers["a1"].image_there = False


def hanging(world: DataCenter) -> None:
    world.servers["a1"].boots = False


@pytest.mark.parametrize(
    ("broken", "cause", "words"),
    [
        (uncabled, "no-lease", ["DHCP never gave eth0 (02:00:00:00:00:01) an address", "no DHCP offers", "Power on"]),
        (without_image, "image-not-fetched", ["DHCP gave eth0", "vmlinuz: 404 Not Found", "last heard from it at"]),
        (hanging, "ssh-silent", ["DHCP gave eth0", "200 OK", "The console's last lines"]),
    ],
    ids=["no lease", "no image", "hangs"],
)
def test_what_was_seen_tells_why_ssh_is_silent(broken: Callable[[DataCenter], None], cause: str, words: list[str]) -> None:
    world = DataCenter()
    broken(world)
    error = failed(world)
    assert error.cause == cause
    assert "SSH does not answer" in error.what
    for word in words:
        assert word in error.what
    assert f"\n Next: {error.advice} [{cause}]" in str(error)
    assert world.servers["a1"].bmc.power == "Off"


def test_a_lease_of_an_earlier_start_is_none_and_says_from_when_it_is() -> None:
    world = DataCenter()
    uncabled(world)
    world.dhcp.given[1, "02:00:00:00:00:01"] = Lease("02:00:00:00:00:01", "10.0.1.9", LONG_AGO)
    error = failed(world)
    assert error.cause == "no-lease"
    assert f"it last heard from it at {LONG_AGO:%Y-%m-%d %H:%M:%S} UTC" in error.what


def test_without_dhcp_of_turnup_s_nothing_is_said_of_leases() -> None:
    world = DataCenter()
    uncabled(world)
    world.dhcp.fail_next("leases", Refused("Kea has no hook lease_cmds."))
    error = failed(world)
    assert error.cause == "ssh-silent"
    assert "DHCP never" not in error.what


def test_events_of_before_the_start_are_left_out_where_there_are_newer_ones() -> None:
    world = DataCenter()
    hanging(world)
    world.servers["a1"].bmc.event_log.append(f"{LONG_AGO.isoformat()} Critical the fan fell out")
    error = failed(world)
    assert "since it was switched on" in error.what
    assert "fan" not in error.what


def test_a_bmc_that_is_silent_is_told_with_what_dhcp_saw_of_it() -> None:
    world = DataCenter()
    world.servers["a1"].bmc.answers = False
    world.dhcp.given[2, "02:00:00:00:01:01"] = Lease("02:00:00:00:01:01", "10.0.2.2", LONG_AGO)
    error = failed(world)
    assert error.cause == "bmc-silent"
    assert "DHCP gave bmc (02:00:00:00:01:01) the address 10.0.2.2, last heard from it at" in error.what


def test_a_server_that_stays_off_is_told_with_the_event_log() -> None:
    world = DataCenter()
    world.servers["a1"].bmc.obeys = False
    world.servers["a1"].bmc.event_log.append(f"{datetime.now(UTC).isoformat()} Critical PSU 1: no input")
    error = failed(world)
    assert error.cause == "power-stays-off"
    assert "Critical PSU 1: no input" in error.what


def test_a_minion_that_never_returns_is_told_with_the_console() -> None:
    world = DataCenter()
    usual = world.salt.answers["state.sls"]

    def dies(call: Call) -> Returned | None:
        return usual(call) if "a2" in call.minion_id and callable(usual) else None

    world.salt.answers["state.sls"] = dies
    world.servers["a1"].bmc.console_log.append("Out of memory: killed salt-minion")
    error = failed(world)
    assert error.cause == "salt-job-lost"
    assert "Out of memory: killed salt-minion" in error.what


@pytest.mark.parametrize("trouble", [Transient("gone"), HardwareFault("refused"), RuntimeError("a defect")])
def test_evidence_that_cannot_be_had_leaves_the_error_as_it_was(trouble: Exception) -> None:
    world = DataCenter()
    hanging(world)
    world.dhcp.fail_next("leases", trouble)
    world.servers["a1"].bmc.fail_next("events", trouble)
    error = failed(world)
    assert error.cause == "ssh-silent"
    assert error.what.endswith("SSH does not answer at 10.0.1.2.")


class LogThatNeverComes(list[str]):
    """Whoever reads it waits."""

    released = threading.Event()

    def __getitem__(self, index: object) -> Any:
        self.released.wait(60)
        return []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(diagnosis, "LONGEST", 0.2)
    yield
    LogThatNeverComes.released.set()


@pytest.mark.usefixtures("impatient")
def test_evidence_that_does_not_come_in_time_is_left_out() -> None:
    world = DataCenter()
    hanging(world)
    world.servers["a1"].bmc.event_log = LogThatNeverComes()
    error = failed(world)
    assert error.cause == "ssh-silent"
    assert "DHCP gave eth0" in error.what


@pytest.mark.parametrize(
    "line",
    [
        "http://boot/images/p/vmlinuz... Not found (https://ipxe.org/2d0c613b)",
        "http://boot/images/p/vmlinuz: 404 Not Found, 146 bytes",
        "http://boot/b/x.ipxe... Connection timed out (https://ipxe.org/4c0a6035)",
        "http://boot/b/x.ipxe: [Errno 111] Connection refused",
        "http://boot/b/x.ipxe... HTTP 503",
    ],
)
def test_lines_that_firmware_prints_about_a_failed_fetch_are_known(line: str) -> None:
    assert NOT_FETCHED.search(line)


@pytest.mark.parametrize("line", ["http://boot/images/p/vmlinuz: 200 OK, 500 bytes", "http://boot/images/p/initrd.img... ok"])
def test_lines_about_a_fetch_that_went_well_are_no_failure(line: str) -> None:
    assert not NOT_FETCHED.search(line)


def test_two_swapped_servers_are_named_as_swapped_by_the_one_that_knows_of_both() -> None:
    world = DataCenter()
    world.servers["a1"].bmc.serial, world.servers["a2"].bmc.serial = "S2", "S1"
    install = Install(world)
    install.everything()
    first, second = str(install.failed["a1"]), str(install.failed["a2"])
    assert "reports the serial number S2, which is that of a2 (serial S2, rack A, U2); the two may be swapped" in first
    assert "reports the serial number S1, which is that of a1 (serial S1, rack A, U1); the two are swapped" in second
    assert {error.cause for error in install.failed.values()} == {"bmc-serial-differs"}


def test_a_serial_number_of_a_server_that_is_not_in_the_plan_is_found_elsewhere() -> None:
    snapshot = worlds.snapshot((worlds.server(1), replace(worlds.server(2), status="active")))
    world = DataCenter(snapshot=snapshot)
    world.servers["a1"].bmc.serial = "S2"
    install = Install(world)
    install.everything()
    assert "which is that of a2 (site here, rack A, U2); the two may be swapped" in str(install.failed["a1"])


def test_a_serial_number_that_nobody_has_is_said_to_be_nobody_s_but_not_where_netbox_could_not_be_asked() -> None:
    world = DataCenter()
    world.servers["a1"].bmc.serial = "S9"
    assert "S9, which no device in NetBox has" in failed(world).what
    world = DataCenter()
    world.servers["a1"].bmc.serial = "S9"
    world.inventory.fail_next("holders", Transient("NetBox is away."))
    assert failed(world).what.endswith("reports the serial number S9.")


def test_the_owner_of_a_serial_number_seen_from_inside_is_named() -> None:
    world = DataCenter()
    world.servers["a1"].inner_serial = "S2"
    error = failed(world)
    assert error.cause == "dmi-serial-differs"
    assert "is S2, which is that of a2 (serial S2, rack A, U2)" in error.what


def test_a_minion_that_died_is_not_waited_for_until_its_job_is_over() -> None:
    world = DataCenter()
    usual = world.salt.answers["state.sls"]

    def dies(call: Call) -> Returned | None:
        if "a1" in call.minion_id:
            world.salt.stop(call.minion_id)
            return None
        return usual(call) if callable(usual) else None

    world.salt.answers["state.sls"] = dies
    site = replace(POLICY.site, timeouts=replace(POLICY.site.timeouts, states=100_000, minion_start=90))
    install = Install(world, policy=replace(POLICY, site=site))
    install.everything()
    assert install.failed["a1"].cause == "salt-job-lost"
    assert "gave no sign of life" in install.failed["a1"].what
    assert install.now < 1000


def test_a_minion_that_is_silent_for_a_moment_goes_on_with_its_job() -> None:
    world = DataCenter(1)
    usual = world.salt.answers["state.sls"]
    asked = 0

    def slow(call: Call) -> Returned | None:
        nonlocal asked
        asked += 1
        return usual(call) if asked > 40 and callable(usual) else None

    world.salt.answers["state.sls"] = slow
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    for row in ("boot", "identity", "salt_key"):
        assert install.row(row, "a1")
    world.salt.fail_next("is_up", Transient("the master is away"))
    assert install.row("configure", "a1")


def test_each_silence_of_a_minion_has_its_own_time() -> None:
    """One in each of the row's two jobs: together they are longer than a minion may be silent."""
    world = DataCenter(1)
    usual = world.salt.answers["state.sls"]
    site = replace(POLICY.site, timeouts=replace(POLICY.site.timeouts, minion_start=90))
    install = Install(world, policy=replace(POLICY, site=site))
    install.make_plan()
    install.rack_rows()
    for row in ("boot", "identity", "salt_key"):
        assert install.row(row, "a1")
    minion, back = next(iter(world.salt.up)), [0.0]

    def silent_at_first(call: Call) -> Returned | None:
        """Of each job, the minion is gone for 110 s from the first look on."""
        if call not in seen:
            seen.append(call)
            world.salt.up.discard(minion)
            back[0] = install.now + 110
            return None
        return usual(call) if callable(usual) else None

    def comes_back() -> None:
        if install.now >= back[0]:
            world.salt.up.add(minion)

    seen: list[Call] = []
    world.salt.answers["state.sls"] = silent_at_first
    install.between = comes_back
    assert install.row("configure", "a1"), install.failed
    assert len(seen) == 2
    assert install.now > 2 * 90
