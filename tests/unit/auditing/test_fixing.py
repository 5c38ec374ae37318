"""Safe fixes over fakes: each is done once and can be undone; holds, runs and changes since the audit keep it from being done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.auditing.world import FakeSite
from tests.unit.checks.estate import with_more, with_server
from turnup.auditing import fixing
from turnup.auditing.audit import chosen, look
from turnup.auditing.fixing import Wanted
from turnup.checks import CHECKS
from turnup.domain.audits import FixDone, Outcome
from turnup.domain.errors import Transient
from turnup.domain.facts import Assigned
from turnup.domain.holds import Hold
from turnup.fakes.records import FakeRecords
from turnup.ports import Reservation

GHOST = "ghost.here.example"
STRANGER = Reservation(101, "02:aa:00:00:00:01", "10.0.1.50", "x", None)


class Fixing(FakeSite):
    """A site with a run of the audit, which may fix."""

    def __init__(self) -> None:
        super().__init__()
        self.records = FakeRecords()

    def fix(self, *checks: str, cap: int = 20) -> tuple[FixDone, ...]:
        wanted = [
            Wanted(one.id, one.check, one.site, one.subject, one.fix)
            for one in self.audit(*checks).findings
            if one.fix is not None
        ]
        return self.apply(wanted, cap)

    def apply(self, wanted: list[Wanted], cap: int = 20) -> tuple[FixDone, ...]:
        now = look(self.site, chosen([one.check for one in wanted]), self.last, self.now).judged.findings
        return fixing.apply(wanted, now, self.site.reach, self.records, "fleet_audit/run", cap)

    def undo(self) -> tuple[FixDone, ...]:
        return fixing.undo("here", self.records, self.site.reach, "fleet_audit/undo")


def stranger(site: Fixing) -> None:
    site.dhcp.reserve([STRANGER])


def unreserved(site: Fixing) -> None:
    site.dhcp.release([one for one in site.dhcp.every_reservation() if one.ip == "10.0.1.102"])


def another_address(site: Fixing) -> None:
    (wrong,) = (one for one in site.dhcp.every_reservation() if one.ip == "10.0.1.103")
    site.dhcp.reserve([replace(wrong, ip="10.0.1.33")])


def another_mac(site: Fixing) -> None:
    (right,) = (one for one in site.dhcp.every_reservation() if one.ip == "10.0.1.103")
    site.dhcp.release([right])
    site.dhcp.reserve([replace(right, mac=STRANGER.mac)])


def boot_file(site: Fixing) -> None:
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe\nboot\n")


def ghost(site: Fixing) -> None:
    site.salt.offer(GHOST, "cd" * 32)
    site.salt.accept_key(GHOST)


DRIFTS: list[tuple[str, Callable[[Fixing], None]]] = [
    ("reservation_without_device", stranger),
    ("device_without_reservation", unreserved),
    ("reservation_address_differs", another_address),
    ("reservation_mac_differs", another_mac),
    ("boot_file_without_claim", boot_file),
    ("salt_key_without_device", ghost),
]


def state(site: Fixing) -> object:
    return site.dhcp.every_reservation(), dict(site.boot_files.served), site.salt.known()


@pytest.mark.parametrize(("check", "drift"), DRIFTS)
def test_a_fix_brings_the_site_back_to_no_finding_and_is_undone_exactly(check: str, drift: Callable[[Fixing], None]) -> None:
    site = Fixing()
    healthy = state(site)
    drift(site)
    drifted = state(site)
    assert [(one.check, one.outcome) for one in site.fix()] == [(check, Outcome.DONE)]
    assert state(site) == healthy
    assert site.found() == []
    assert site.fix() == ()
    for _ in range(2):
        assert [(one.check, one.outcome) for one in site.undo()] == [(check, Outcome.UNDONE)]
        assert state(site) == drifted


def test_what_is_in_netbox_is_fixed_and_undone_by_writes_that_name_the_run() -> None:
    site = Fixing()
    facts = with_server(site.facts, "a1", lambda server: replace(server, primary_ip4=None))
    quarantined = Assigned(99, "10.0.1.200/24", "deprecated", description="Free after 2026-11-01. Was x's")
    site.netbox(with_more(facts, quarantined))
    site.estates.racks[7] = "planned"
    racks = tuple(replace(one, status="planned") if one.id == 7 else one for one in site.facts.estate.racks)
    site.netbox(replace(site.facts, estate=replace(site.facts.estate, racks=racks)))
    assert {one.check: one.outcome for one in site.fix()} == {
        "primary_unset": Outcome.DONE,
        "quarantine_over": Outcome.DONE,
        "rack_status": Outcome.DONE,
    }
    assert site.inventory.snapshot("here", "A").rack_status == "active"
    assert site.inventory.device(1).primary_ip4 is not None
    assert "release" in site.inventory.calls
    assert [entry.device_id for entry in site.inventory.journal] == [1]
    assert "fleet_audit/run" in site.inventory.journal[0].comments
    assert any("turnup fleet_audit/run fix primary_unset" in message for message in site.inventory.messages)
    site.undo()
    assert site.estates.cleared == [(1, ("primary_ip4",))]
    assert site.estates.kept == [("10.0.1.200/24", quarantined.description)]


def test_one_run_fixes_so_many_and_says_what_it_left() -> None:
    site = Fixing()
    for number in range(5):
        site.boot_files.write(f"02:bb:00:00:00:0{number}", "#!ipxe")
    done = site.fix(cap=3)
    assert [one.outcome for one in done] == [Outcome.DONE] * 3 + [Outcome.LEFT] * 2
    assert "one run fixes 3 at most" in done[-1].what
    assert len(site.boot_files.served) == 2


def test_under_a_hold_nothing_is_fixed_or_undone() -> None:
    site = Fixing()
    stranger(site)
    site.inventory.held.append(Hold("here", "cooling is being repaired"))
    (left,) = site.fix()
    assert (left.outcome, "cooling is being repaired" in left.what) == (Outcome.LEFT, True)
    assert STRANGER in site.dhcp.every_reservation()
    site.inventory.held.clear()
    assert [one.outcome for one in site.fix()] == [Outcome.DONE]
    site.inventory.held.append(Hold("there", "x", all_sites=True))
    assert [one.outcome for one in site.undo()] == [Outcome.FAILED]


def test_a_device_that_a_run_took_meanwhile_is_left() -> None:
    site = Fixing()
    unreserved(site)
    wanted = [Wanted(one.id, one.check, one.site, one.subject, one.fix) for one in site.audit().findings if one.fix]
    site.inventory.correct(2, lambda server: replace(server, claim="server_decommission/r"))
    (left,) = site.apply(wanted)
    assert (left.outcome, "server_decommission/r holds the device" in left.what) == (Outcome.LEFT, True)
    site.netbox(with_server(site.facts, "a2", lambda server: replace(server, claim="server_decommission/r")))
    (left,) = site.apply(wanted)
    assert left.what == "it is not as the audit saw it any more."


def test_what_changed_between_the_audit_and_the_fix_is_left() -> None:
    site = Fixing()
    another_address(site)
    wanted = [Wanted(one.id, one.check, one.site, one.subject, one.fix) for one in site.audit().findings if one.fix]
    (wrong,) = (one for one in site.dhcp.every_reservation() if one.ip == "10.0.1.33")
    site.dhcp.reserve([replace(wrong, ip="10.0.1.34")])
    (left,) = site.apply(wanted)
    assert left.outcome is Outcome.LEFT


def test_a_service_that_is_away_fails_that_fix_alone() -> None:
    site = Fixing()
    stranger(site)
    boot_file(site)
    site.dhcp.fail_next("release", Transient("Kea is away."))
    assert {one.check: one.outcome for one in site.fix()} == {
        "reservation_without_device": Outcome.FAILED,
        "boot_file_without_claim": Outcome.DONE,
    }


def test_every_check_that_offers_a_fix_is_fixed_here() -> None:
    fixed = {check for check, _ in DRIFTS} | {"primary_unset", "quarantine_over", "rack_status"}
    assert fixed == {name for name, check in CHECKS.items() if check.fixes}


@pytest.mark.parametrize(("check", "drift"), DRIFTS[:4])
def test_what_is_newer_than_a_fix_is_never_overwritten_by_its_undo(check: str, drift: Callable[[Fixing], None]) -> None:
    site = Fixing()
    drift(site)
    assert [one.check for one in site.fix()] == [check]
    document = fixing.kept(site.records)[0]["values"]
    site.dhcp.reserve([Reservation(101, document["mac"], "10.0.1.77", "newer", None)])
    newer = state(site)
    (left,) = site.undo()
    assert (left.outcome, "by now" in left.what) == (Outcome.FAILED, True)
    assert state(site) == newer


def test_a_boot_script_that_a_run_wrote_since_stays() -> None:
    site = Fixing()
    boot_file(site)
    site.fix()
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe\nnewer\n")
    assert [one.outcome for one in site.undo()] == [Outcome.FAILED]
    assert site.boot_files.read("02:00:00:00:00:01") == "#!ipxe\nnewer\n"


def test_a_reservation_whose_change_fails_is_as_it_was() -> None:
    site = Fixing()
    another_mac(site)
    before = state(site)
    site.dhcp.fail_next("reserve", Transient("Kea is away."))
    assert [one.outcome for one in site.fix()] == [Outcome.FAILED]
    assert state(site) == before


def test_a_fix_that_is_cleared_does_not_begin_to_count_anew() -> None:
    site = Fixing()
    for number in range(5):
        site.boot_files.write(f"02:bb:00:00:00:0{number}", "#!ipxe")
    for _ in range(3):
        site.fix(cap=3)
    assert len(site.boot_files.served) == 2
