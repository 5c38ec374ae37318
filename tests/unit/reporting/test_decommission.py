"""The report of a decommission: its own rows and words, and what became of each drive."""

from __future__ import annotations

from typing import Any

from tests.unit.flow.leaving import Leave, LiveSite
from turnup.flow.times import Outcome, Span, keep
from turnup.reporting.gather import gather
from turnup.reporting.page import page
from turnup.reporting.report import Report

AT = "2026-11-22T11:00:00+00:00"


class Told(Leave):
    """A decommission that keeps its rows' times."""

    def row(self, row: str, name: str, *, resumed: bool = False) -> bool:
        done = super().row(row, name, resumed=resumed)
        keep(self.records, Span(row, 1, AT, AT, Outcome.DONE if done else Outcome.FAILED, name))
        return done


def told(*names: str, world: LiveSite | None = None, **ask: Any) -> Report:
    run = Told(world or LiveSite(4))
    run.leave(*names, **ask)
    return gather(run.records, run.run, AT)


def test_it_says_who_left_and_that_each_drive_is_wiped() -> None:
    report = told("a1", "a2")
    assert (report.state, report.headline) == ("done", "All 2 servers are gone.")
    assert report.title == "Decommission of 2 servers of rack A, site here"
    assert [row.name for row in report.rows][:5] == ["snapshot", "survey", "seal", "approval", "second_approval"]
    assert [(one.serial, one.result) for one in report.servers[0].drives] == [("S1-1", "wiped"), ("S1-2", "wiped")]
    assert report.servers[0].status == "inventory"
    assert [one.by for one in report.approvals] == ["ann"]
    assert "S1-2" in page(report)


def test_drives_that_leave_unwiped_are_in_its_first_sentence() -> None:
    report = told("a1", wipe="none", reason="the drives go to the shredder")
    assert report.headline == "a1 is gone. 2 drives are not wiped, and to be pulled and shredded."
    assert {one.why for one in report.servers[0].drives} == {"the wipe was waived"}
    assert report.servers[0].status == "offline"
