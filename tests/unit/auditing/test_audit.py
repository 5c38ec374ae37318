"""A whole audit over fakes: what is gathered, what a source that is away costs, what is new, still there and gone."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from tests.unit.auditing.world import STATES, FakeSite
from tests.unit.checks.estate import certificate, with_server
from turnup.auditing.audit import problems
from turnup.auditing.together import together
from turnup.checks import CHECKS
from turnup.domain.audits import Age
from turnup.domain.errors import Transient
from turnup.domain.facts import Misfit, Source
from turnup.domain.findings import Severity
from turnup.fakes.faults import Faults
from turnup.ports import Reservation, Returned

GHOST = "ghost.here.example"


def test_a_healthy_site_has_no_finding_and_everything_was_checked() -> None:
    found = FakeSite().audit()
    assert found.findings == ()
    assert found.not_checked == ()
    assert found.headline == "0 findings; 0 new, 0 still there, 0 gone. Everything was checked."
    assert set(found.checks) == set(CHECKS)


def test_nothing_is_written_by_an_audit() -> None:
    site = FakeSite()
    site.tried["a1"] = {"mods": "common"}
    site.netbox(with_server(site.facts, "a1", lambda server: replace(server, last_run="server_install/r")))
    site.audit()
    reads = {
        "outline",
        "estate",
        "misfits",
        "subnets",
        "every_reservation",
        "every_lease",
        "keys",
        "answering",
        "macs",
        "look",
        "knock",
        "ended",
    }
    fakes: tuple[Faults, ...] = (
        site.estates,
        site.setup,
        site.dhcp,
        site.master,
        site.bmcs,
        site.doors,
        site.claims,
        site.boot_files,
    )
    assert {call for fake in fakes for call in fake.calls} - {"reserve"} <= reads
    assert site.inventory.calls == []
    assert [(call.function, call.keywords.get("test")) for call in site.salt.submitted] == [
        ("state.sls", True),
        ("grains.items", None),
    ]


def test_a_finding_is_new_then_still_there_then_gone() -> None:
    site = FakeSite()
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe")
    first = site.audit()
    assert [(one.check, one.age) for one in first.findings] == [("boot_file_without_claim", Age.NEW)]
    second = site.audit(hours=5)
    assert [(one.age, one.since) for one in second.findings] == [(Age.STILL, first.findings[0].since)]
    site.boot_files.remove("02:00:00:00:00:01")
    third = site.audit(hours=5)
    assert third.findings == ()
    assert [(one.check, one.subject) for one in third.gone] == [("boot_file_without_claim", "02:00:00:00:00:01")]
    assert site.audit().gone == ()


def test_what_nobody_looked_at_is_neither_gone_nor_forgotten() -> None:
    site = FakeSite()
    site.salt.offer(GHOST, "cd" * 32)
    site.salt.accept_key(GHOST)
    since = site.audit().findings[0].since
    site.master.fail_next("keys", Transient("salt-api does not answer."))
    away = site.audit(hours=1)
    assert [one.check for one in away.findings] == ["source_silent"]
    assert "salt_key_without_device" in away.not_checked
    assert away.gone == ()
    assert site.audit("bmc_health", hours=1).gone == ()
    again = site.audit(hours=1)
    assert [(one.check, one.age, one.since) for one in again.findings] == [("salt_key_without_device", Age.STILL, since)]
    assert [one.check for one in again.gone] == ["source_silent"]


SILENT: list[tuple[str, str, set[str]]] = [
    ("setup", "misfits", {"netbox_setup"}),
    ("dhcp", "every_lease", {"lease_unknown_mac"}),
    ("dhcp", "every_reservation", {name for name, check in CHECKS.items() if Source.DHCP in check.needs}),
    ("master", "keys", {name for name, check in CHECKS.items() if Source.KEYS in check.needs}),
    ("master", "answering", {"salt_silent", "salt_states_drifted"}),
    ("bmcs", "look", {name for name, check in CHECKS.items() if Source.BMC in check.needs}),
    ("doors", "knock", {"active_silent", "decommissioned_answers"}),
    ("boot_files", "macs", {"boot_file_without_claim"}),
]


@pytest.mark.parametrize(("fake", "method", "not_checked"), SILENT)
def test_a_source_that_is_away_is_a_finding_and_its_checks_are_not_checked(fake: str, method: str, not_checked: set[str]) -> None:
    site = FakeSite()
    getattr(site, fake).fail_next(method, Transient("It is away.", "look at it."))
    found = site.audit()
    assert set(found.not_checked) == not_checked
    (one,) = found.findings
    assert (one.check, one.severity) == ("source_silent", Severity.CRITICAL)
    assert "It is away" in one.evidence


def test_without_netbox_only_its_own_absence_is_told() -> None:
    site = FakeSite()
    site.estates.fail_next("estate", Transient("NetBox is away."))
    found = site.audit()
    assert set(found.not_checked) == set(CHECKS) - {"source_silent", "netbox_setup"}
    assert {one.check for one in found.findings} == {"source_silent"}


def test_runs_are_asked_about_only_where_there_are_claims() -> None:
    site = FakeSite()
    held = with_server(site.facts, "a5", lambda server: replace(server, status="staged", claim="server_install/r"))
    site.netbox(held)
    site.claims.going_on = {"server_install/r"}
    assert site.found() == []
    site.claims.going_on = set()
    assert site.found() == [("claim_of_ended_run", "a5")]


def test_no_password_goes_to_a_bmc_outside_the_out_of_band_prefix_or_with_another_certificate() -> None:
    site = FakeSite()
    facts = with_server(site.facts, "a1", lambda server: replace(server, oob_ip=replace(server.oob_ip, cidr="203.0.113.9/24")))  # type: ignore[type-var]
    site.netbox(facts)
    site.bmcs.shown["203.0.113.9"] = site.bmcs.shown["10.0.9.101"]
    site.bmcs.shown["10.0.9.102"] = replace(site.bmcs.shown["10.0.9.102"], certificate=certificate(77))
    assert ("bmc_certificate", "a2") in site.found()
    assert site.bmcs.asked == {"10.0.9.103", "10.0.9.104"}


def test_where_no_bmc_answers_it_is_the_network_and_not_every_bmc() -> None:
    site = FakeSite()
    site.bmcs.shown.clear()
    found = site.audit()
    assert [(one.check, one.subject) for one in found.findings] == [("source_silent", Source.BMC)]
    assert "None of 4 BMCs answers" in found.findings[0].evidence


def test_a_key_that_waits_is_told_when_it_has_waited_too_long() -> None:
    site = FakeSite()
    site.salt.offer(GHOST, "cd" * 32)
    assert site.found() == []
    assert site.found(hours=0.5) == []
    assert site.found("bmc_health", hours=0.1) == []
    assert site.found(hours=0.5) == [("salt_key_waiting", GHOST)]


def test_a_server_of_the_sample_that_has_drifted_is_told_and_one_that_says_nothing_is_not_checked() -> None:
    site = FakeSite()
    for name in ("a1", "a2"):
        site.tried[name] = {"mods": "common", "pillar": {"turnup": {}}}
        facts = with_server(site.facts, name, lambda server: replace(server, last_run="server_install/r"))
        site.netbox(facts)
    drifted = Returned(
        True, 0, {"file_|-motd_|-/etc/motd_|-managed": {"__id__": "motd", "result": None, "changes": {"diff": "x"}}}
    )
    site.salt.answers["state.sls"] = lambda call: drifted if call.minion_id.startswith("a1.") else STATES
    site.salt.answers["grains.items"] = Returned(
        True, 0, {"hwaddr_interfaces": {"lo": "00:00:00:00:00:00", "eth0": "02:AA:00:00:00:09"}}
    )
    assert site.found() == [
        ("hardware_differs", "a1"),
        ("hardware_differs", "a2"),
        ("salt_states_drifted", "a1"),
    ]


def test_an_accepted_finding_is_listed_apart_and_comes_back_after_its_day() -> None:
    site = FakeSite()
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe")
    (line,) = (one.accept for one in site.audit().findings)
    site.accept(f"{line.replace('2026-12-22', '2026-11-23')}being tried, ask Kim")
    accepted = site.audit()
    assert accepted.findings == ()
    assert [(one.finding.check, one.until, one.reason) for one in accepted.accepted] == [
        ("boot_file_without_claim", "2026-11-23", "being tried, ask Kim")
    ]
    assert [one.age for one in site.audit(hours=48).findings] == [Age.STILL]


def test_only_the_checks_that_were_named_are_made_and_only_their_sources_asked() -> None:
    site = FakeSite()
    site.setup.found = (Misfit("tags", "turnup-hold"),)
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe")
    assert site.found("netbox_setup") == [("netbox_setup", "tags turnup-hold")]
    assert site.bmcs.calls == site.doors.calls == site.boot_files.calls[1:] == []


def test_names_that_mean_nothing_are_refused_all_at_once() -> None:
    found = problems(["bmc_health", "nonsense"], ["bmc_health", "other", "quarantine_over"])
    assert [(one.subject, one.what.split(",")[0]) for one in found] == [
        ("checks", "has 'nonsense'"),
        ("fix", "has 'bmc_health'"),
        ("fix", "has 'other'"),
        ("fix", "has 'quarantine_over'"),
    ]
    assert problems([], ["quarantine_over"]) == []


def test_a_source_that_hangs_costs_no_more_than_its_limit() -> None:
    never = Event()
    try:
        answers = together({Source.DHCP: never.wait, Source.BOOT: lambda: ("x",)}, 0.05)
    finally:
        never.set()
    assert answers.given[Source.BOOT] == ("x",)
    assert "no answer within 0.05 s" in answers.silent[Source.DHCP]


def test_a_defect_while_a_source_is_asked_is_told_as_such() -> None:
    answers = together({Source.DHCP: lambda: 1 / 0}, 5)
    assert "ZeroDivisionError" in answers.silent[Source.DHCP]


def test_what_services_have_of_another_site_is_nobodys_finding_and_never_fixed_away() -> None:
    site, mac, minion = FakeSite(), "02:ee:00:00:00:01", "b1.there.example"
    site.dhcp.reserve([Reservation(101, mac, "10.0.1.60", "b1", None)])
    site.boot_files.write(mac, "#!ipxe")
    site.salt.offer(minion, "ef" * 32)
    site.salt.accept_key(minion)
    strange = {"reservation_without_device", "boot_file_without_claim", "salt_key_without_device"}
    assert {check for check, _ in site.found()} == strange
    site.estates.owners |= {mac, minion}
    assert site.found() == []
    site.estates.fail_next("owned", Transient("NetBox is slow."))
    assert strange < set(site.audit().not_checked)


def test_a_run_that_ended_and_let_go_while_netbox_was_read_is_no_finding() -> None:
    site = FakeSite()
    site.netbox(with_server(site.facts, "a1", lambda server: replace(server, claim="server_install/r")))
    assert site.found("claim_of_ended_run") == [("claim_of_ended_run", "a1")]
    site.inventory.correct(1, lambda server: replace(server, claim=None))
    assert site.found("claim_of_ended_run") == []


def test_where_netbox_names_no_device_at_all_nothing_is_offered_to_be_fixed() -> None:
    site = FakeSite()
    site.boot_files.write("02:00:00:00:00:01", "#!ipxe")
    site.netbox(replace(site.facts, estate=replace(site.facts.estate, devices=())))
    found = site.audit().findings
    assert {"salt_key_without_device", "reservation_without_device", "boot_file_without_claim"} <= {one.check for one in found}
    assert [one.fix for one in found if one.fix] == []
