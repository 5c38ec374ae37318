"""What reports come to: endings, durations, causes and verdicts; what was counted once is never counted less."""

from __future__ import annotations

from collections import Counter

from tests.unit.flow.datacenter import DataCenter
from tests.unit.reporting.stories import Told
from turnup.flow.install import INSTALL
from turnup.reporting import archive
from turnup.reporting.history import OTHER, Failed, Past, of_report, read


def past(told: Told, *, going_on: bool = False) -> Past:
    return read(told.records, told.run, told.at(), going_on=going_on)


def bad_day() -> Told:
    world = DataCenter(2)
    world.servers["a1"].bmc.answers = False
    told = Told(world)
    told.begin()
    told.everything()
    return told


def test_a_server_that_failed_is_there_with_its_cause_and_one_that_got_through_without() -> None:
    found = past(bad_day())
    assert (found.dag_id, found.site) == ("server_install", "here")
    assert {(one.server, one.generation, one.failed, one.cause) for one in found.endings} == {
        ("a1", "g1", True, "bmc-silent"),
        ("a2", "g1", False, ""),
    }
    assert Failed("boot", "bmc-silent") in found.failed


def test_durations_are_of_tries_that_were_done_rack_wide_ones_without_a_generation() -> None:
    took = past(bad_day()).took
    of_rack = {one.row for one in took if not one.generation}
    of_server = Counter(one.row for one in took if one.generation == "g1")
    assert of_rack == {row.name for row in INSTALL.rack_rows}
    assert of_server == dict.fromkeys((row.name for row in INSTALL.server_rows), 1)
    assert all(one.seconds == 7 for one in took if one.generation and one.row == "configure")


def test_burn_in_is_there_figure_by_figure() -> None:
    found = Counter((one.generation, one.test, one.outcome) for one in past(bad_day()).found)
    assert found["g1", "cpu", "pass"] >= 1


def test_the_written_report_comes_to_the_same_as_the_documents() -> None:
    told = bad_day()
    from_documents = past(told)
    archive.write(told.records, told.told())
    assert past(told) == from_documents
    assert past(told, going_on=True).endings == from_documents.endings


def test_a_resumed_run_has_all_that_it_had_before_and_its_server_ended_well() -> None:
    told = bad_day()
    before = past(told)
    told.world.servers["a1"].bmc.answers = True
    told.server_rows("a1", resumed=True)
    told.finish()
    after = past(told)
    assert not Counter(before.failed) - Counter(after.failed)
    assert not Counter(before.took) - Counter(after.took)
    assert [one.failed for one in after.endings] == [False, False]


def test_what_goes_on_has_not_ended() -> None:
    told = Told(DataCenter(1))
    told.begin()
    told.make_plan()
    told.rack_rows()
    assert past(told, going_on=True).endings == ()


def test_reports_of_other_versions_and_codes_that_no_table_has_are_read_too() -> None:
    assert of_report({}) == Past("", "")
    odd = {"dag_id": "server_install", "site": "here", "written_at": "2026-11-22T08:00:00+00:00"}
    found = of_report(odd | {"servers": [{"name": "x", "state": "failed", "causes": [{"row": "boot", "code": "x" * 999}]}]})
    assert found.failed == (Failed("boot", OTHER),)
    assert [(one.server, one.cause, one.at) for one in found.endings] == [("x", OTHER, "2026-11-22T08:00:00+00:00")]
