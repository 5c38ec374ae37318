"""Each check names each drift once, offers its fix, and is silent about everything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.checks.cases import CASES, Case
from tests.unit.checks.estate import facts, with_server
from turnup.checks import CHECKS
from turnup.checks.kind import judge
from turnup.domain import acceptance
from turnup.domain.facts import Source
from turnup.domain.findings import each_once

HEALTHY = facts()


def test_every_check_has_a_case() -> None:
    assert set(CHECKS) == {case.check for case in CASES}


def test_a_healthy_site_has_no_finding_and_everything_was_checked() -> None:
    judged = judge(HEALTHY, CHECKS)
    assert judged.findings == ()
    assert judged.not_checked == {}


@pytest.mark.parametrize("count", [1, 2, 40, 150])
def test_however_many_servers_are_healthy_none_is_named(count: int) -> None:
    assert judge(facts(count), CHECKS).findings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}: {case.name}")
def test_a_drift_is_named_once_with_advice_and_nothing_else_is(case: Case) -> None:
    found = judge(case.drift(HEALTHY), CHECKS).findings
    assert [(one.check, one.subject) for one in found if one.check not in case.also] == [(case.check, case.subject)]
    (one,) = (one for one in found if one.check == case.check)
    assert case.evidence in one.evidence
    assert (one.fix is not None) == case.fix
    assert one.advice == CHECKS[case.check].advice
    assert one.runbook == f"docs/findings.md#{case.check}"
    assert one.fix is None or CHECKS[case.check].fixes


@pytest.mark.parametrize("source", Source)
def test_what_needs_a_source_that_is_away_is_not_checked_and_the_rest_is(source: Source) -> None:
    judged = judge(replace(HEALTHY, silent={source: "it is away."}), CHECKS)
    assert set(judged.not_checked) == {name for name, check in CHECKS.items() if source in check.needs}
    assert [(one.check, one.subject) for one in judged.findings] == [("source_silent", source)]


def test_every_source_is_needed_by_a_check() -> None:
    assert {source for check in CHECKS.values() for source in check.needs} == set(Source)


def test_what_was_looked_at_in_part_is_judged_and_is_said_to_be_incomplete() -> None:
    case = next(case for case in CASES if case.check == "bmc_health")
    judged = judge(replace(case.drift(HEALTHY), partial={Source.BMC: "3 of 4 were asked."}), CHECKS)
    assert {one.check for one in judged.findings} == {"bmc_health", "source_silent"}
    assert "in part" in judged.not_checked["bmc_health"]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=6, unique_by=lambda case: case.check))
def test_of_several_drifts_each_finding_has_an_identity_of_its_own(cases: list[Case]) -> None:
    drifted = HEALTHY
    for case in cases:
        drifted = case.drift(drifted)
    found = judge(drifted, CHECKS).findings
    assert len({one.id for one in found}) == len(found)
    assert each_once([*found, *found]) == found


def test_a_finding_is_the_same_whatever_its_evidence_says_and_another_at_another_site() -> None:
    case = next(case for case in CASES if case.check == "bmc_health")
    (one,) = judge(case.drift(HEALTHY), CHECKS).findings
    assert replace(one, evidence="Warning").id == one.id
    assert replace(one, site="there").id != one.id


def test_an_accepted_finding_is_accepted_until_its_day_is_over() -> None:
    case = next(case for case in CASES if case.check == "bmc_health")
    (one,) = judge(case.drift(HEALTHY), CHECKS).findings
    found = acceptance.read("# a remark\n\n2026-12-31 | bmc_health | a1 | fan ordered, 4711 | Kim\n2020-01-01 | x | y | z\n")
    accepted = found.of(one, date(2026, 12, 31))
    assert accepted is not None
    assert accepted.reason == "fan ordered, 4711 | Kim"
    assert found.of(one, date(2027, 1, 1)) is None
    assert found.of(replace(one, subject="a2"), date(2026, 12, 31)) is None
    assert found.unreadable == ()
    line = acceptance.line(one, date(2026, 12, 31))
    assert acceptance.read(f"{line}why").of(one, date(2026, 12, 1)) is not None


def test_a_line_without_a_reason_accepts_nothing() -> None:
    assert acceptance.read("2026-12-31 | bmc_health | a1 | ").accepted == ()


def test_whatever_a_device_is_called_a_finding_takes_one_line_and_moves_no_terminal() -> None:
    odd = "a\x1b[31m1\nSeverity: none <script>"
    named = with_server(HEALTHY, "a5", lambda server: replace(server, name=odd, device_type="type-9"))
    (one,) = judge(named, CHECKS).findings
    assert one.subject == "a1 Severity: none <script>"
    assert one.evidence.isprintable()
