"""What an approver sees of a seal: every server and drive that is destroyed, and nothing in it that does anything but read."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.flow.leaving import Leave, LiveSite
from turnup.domain.plans import Plan
from turnup.domain.seals import NO_WIPE, Seal, SealedDrive
from turnup.flow import approval_page, guard


def shown(plan: Plan, seal: Seal) -> str:
    return approval_page.body(plan, seal, plan.sha256)


def sealed() -> tuple[Plan, Seal]:
    run = Leave(LiveSite(4))
    run.seal("a1", "a2")
    found = guard.sealed(run.records)
    return found.plan, found.seal


def test_the_subject_names_count_and_rack() -> None:
    plan, seal = sealed()
    assert approval_page.subject(plan, seal, plan.sha256).startswith("Destroy 4 drives of 2 servers of rack A, site here? Seal ")


def test_every_drive_has_a_line_and_what_stays_is_not_among_them() -> None:
    page = shown(*sealed())
    destroyed, rest = page.split("**Stays, untouched: 2.**")
    assert "| **U1** | **a1** | S1 | edge | S1-1 | 268 MB | LABMETAL D256 | 1 |" in destroyed
    assert all(f"| S{server}-{drive} |" in destroyed for server in (1, 2) for drive in (1, 2))
    assert "a3 (active), a4 (active)" in rest
    assert "4 of 4 serve, 2 leave, 2 go on serving" in rest


def test_text_that_a_machine_or_a_person_gave_stays_text() -> None:
    plan, seal = sealed()
    nasty = "x | y **z** [l](http://e) <b>\n# h"
    part = plan.servers[0]
    assert part.sealed is not None
    drives = (SealedDrive("S|1", 5, nasty, nasty),)
    odd = replace(plan, servers=(replace(part, sealed=replace(part.sealed, drives=drives)),))
    page = shown(odd, replace(seal, reason=nasty))
    (line,) = [line for line in page.splitlines() if "S&#124;1" in line]
    assert line.count("|") == 9
    assert "\n# h" not in page
    assert "<b>" not in page
    assert "[l](" not in page
    assert "**z**" not in page


def test_a_waiver_says_that_nothing_is_wiped() -> None:
    plan, seal = sealed()
    assert "### NOT WIPED: 4 drives" in shown(plan, replace(seal, wipe=NO_WIPE))
    assert "DESTROYED" not in shown(plan, replace(seal, wipe=NO_WIPE))


def test_what_could_not_be_asked_stands_out() -> None:
    plan, seal = sealed()
    part = plan.servers[0]
    assert part.sealed is not None
    lost = replace(part.sealed, drives=(), has_bmc=False, answers=False, unproven=("BMC: it is silent",))
    page = shown(replace(plan, servers=(replace(part, sealed=lost),)), replace(seal, wipe=NO_WIPE))
    assert "**not known**" in page
    assert "- a1: **NOT PROVEN** BMC: it is silent" in page
    assert "**Nobody could say who it is:** a1" in page
