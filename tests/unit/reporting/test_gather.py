"""A report from a run's documents: the good day, the bad ones, and documents that are missing or damaged."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import DataCenter
from tests.unit.flow.test_install import BAD_DAYS, Break, fail_states
from tests.unit.reporting.stories import Told
from turnup.domain.errors import Conflict, Transient, as_document
from turnup.fakes.records import FakeRecords
from turnup.flow import approval, times
from turnup.flow.approval import APPROVE, REJECT, Decision
from turnup.flow.install import INSTALL
from turnup.flow.job import Run
from turnup.flow.times import Outcome, Span
from turnup.reporting.gather import gather
from turnup.reporting.page import page
from turnup.reporting.report import Report, Server, State


def story(world: DataCenter, **params: object) -> Told:
    told = Told(world)
    told.begin(**params)
    return told


def of(report: Report, name: str) -> Server:
    return next(server for server in report.servers if server.name == name)


def test_the_report_of_a_good_day_has_everything() -> None:
    told = story(DataCenter(2))
    told.everything()
    report = told.told()
    assert (report.state, report.headline) == (State.DONE, "All 2 servers are active.")
    assert (report.started_by, report.site, report.rack) == ("operator", "here", "A")
    assert report.plan_sha256 in report.plan_text or report.plan_sha256[:12] in report.plan_text
    assert report.notes == ()
    server = of(report, "a1")
    assert (server.serial, server.rack, server.unit, server.role, server.generation) == ("S1", "A", "U1", "edge", "g1")
    assert (server.state, server.status, server.causes) == (State.DONE, "active", ())
    assert server.addresses["management"].startswith("10.0.1.")
    assert [row.name for row in server.rows] == [row.name for row in INSTALL.server_rows]
    assert {row.state for row in server.rows} == {State.DONE}
    assert all(row.seconds and row.began and row.ended for row in server.rows)
    assert server.rows[0].tries[0].waits[0].seconds == 42.0
    assert [change.id for run in server.salt for change in run.changes] == ["a"]
    figures = {(one.test, one.figure): one for one in server.burn_in[-1].figures}
    cpu = figures["cpu", "bogo_ops_per_second"]
    assert (cpu.unit, cpu.at_least, cpu.outcome) == ("/s", 100, "pass")
    assert figures["disk", "read_iops"].unit == "IO/s"
    assert {row.name for row in report.rows if row.tries} == {"claim", "addresses", "dhcp"}


@pytest.mark.parametrize(("breaks", "step"), [(day[1], day[2]) for day in BAD_DAYS], ids=[day[0] for day in BAD_DAYS])
def test_every_bad_day_is_told_with_its_cause(breaks: Break, step: str) -> None:
    world = DataCenter(2)
    breaks(world)
    told = story(world)
    told.everything()
    report = told.told()
    assert report.state is State.FAILED
    assert report.headline.startswith(f"1 of 2 servers are active. a1 failed at {step}")
    server = of(report, "a1")
    assert (server.state, server.status) == (State.FAILED, "failed")
    (cause,) = server.causes
    assert (cause.row, cause.mended) == (step, False)
    assert cause.at == next(row.ended for row in server.rows if row.name == step)
    assert cause.code
    assert cause.what.splitlines()[0] in world.inventory.causes[1]
    assert server.open_cause == cause
    after = [row.state for row in server.rows][[row.name for row in server.rows].index(step) :]
    assert after == [State.FAILED] + [State.PENDING] * (len(after) - 1)


def test_a_cause_that_was_mended_stays_told() -> None:
    world = DataCenter(1)
    world.servers["a1"].bmc.answers = False
    told = story(world)
    told.everything()
    world.servers["a1"].bmc.answers = True
    told.now += 3600
    assert told.server_rows("a1", resumed=True)
    told.finish()
    report = told.told()
    server = of(report, "a1")
    assert (report.state, server.state, server.status) == (State.DONE, State.DONE, "active")
    assert [(cause.row, cause.mended) for cause in server.causes] == [("boot", True)]
    assert [one.outcome for one in server.rows[0].tries] == ["failed", "done"]
    assert (server.rows[0].seconds or 0) < 3600


def test_what_salt_changed_before_a_state_failed_is_told() -> None:
    world = DataCenter(1)
    former = world.salt.answers["state.sls"]
    told = story(world)
    told.make_plan()
    told.rack_rows()
    for row in ("boot", "identity", "salt_key"):
        assert told.row(row, "a1")
    calls = iter([former])

    def test_run_goes_well(call: object) -> object:
        answer = next(calls, None)
        if callable(answer):
            return answer(call)  # type: ignore[arg-type]
        fail_states(world)
        broken = world.salt.answers["state.sls"]
        assert callable(broken)
        return broken(call)  # type: ignore[arg-type]

    world.salt.answers["state.sls"] = test_run_goes_well  # type: ignore[assignment]
    assert not told.row("configure", "a1")
    assert [run.states for run in of(told.told(), "a1").salt] == [1]


def test_a_server_that_died_without_a_word_is_told_as_the_closing_row_found_it() -> None:
    world = DataCenter(2)
    told = story(world)
    told.make_plan()
    told.rack_rows()
    told.server_rows("a2")
    told.row("boot", "a1")
    told.finish()
    server = of(told.told(), "a1")
    assert (server.state, server.status) == (State.FAILED, "failed")
    assert [(cause.row, cause.code) for cause in server.causes] == [("finish", "row-died")]


def test_a_server_that_went_on_after_it_was_taken_for_dead_is_told_as_going_on() -> None:
    told = story(DataCenter(1))
    told.make_plan()
    told.rack_rows()
    told.row("boot", "a1")
    told.finish()
    told.keep("finish", told.at())
    assert of(told.told(), "a1").state is State.FAILED
    told.now += 60
    assert told.row("boot", "a1", resumed=True)
    server = of(told.told(going_on=True), "a1")
    assert (server.state, [cause.row for cause in server.causes]) == (State.GOING_ON, ["finish"])


def test_a_try_that_is_tried_again_says_what_it_ran_into() -> None:
    told = story(DataCenter(1))
    told.make_plan()
    told.rack_rows()
    away = as_document(Transient("NetBox answered 503.", "look at it."))
    times.keep(told.records, Span("boot", 1, told.at(), told.at(), Outcome.AGAIN, "a1", error=away))
    told.now += 1
    assert told.row("boot", "a1", resumed=True)
    row = of(told.told(going_on=True), "a1").rows[0]
    assert [(one.outcome, one.what) for one in row.tries] == [("again", "NetBox answered 503."), ("done", "")]
    assert "NetBox answered 503." in page(told.told())


def test_a_run_that_goes_on_is_told_as_it_stands() -> None:
    told = story(DataCenter(3))
    told.make_plan()
    told.rack_rows()
    told.server_rows("a1")
    told.row("boot", "a2")
    report = told.told(going_on=True)
    assert (report.state, report.ended_at) == (State.GOING_ON, None)
    assert report.headline == "The run goes on. 1 of 3 servers are active."
    assert [row.state for row in of(report, "a2").rows[:3]] == [State.DONE, State.GOING_ON, State.PENDING]
    assert of(report, "a2").status == "staged"


def test_a_run_that_nobody_finished_says_where_it_stopped() -> None:
    told = story(DataCenter(1))
    told.make_plan()
    told.rack_rows()
    told.row("boot", "a1")
    report = told.told()
    assert (report.state, of(report, "a1").state) == (State.FAILED, State.STOPPED)
    assert "a1 stopped without a cause" in report.headline


def test_a_refused_plan_is_told_with_every_problem() -> None:
    told = story(DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=""), worlds.server(2, mac=None)))))
    told.refused()
    report = told.told()
    assert report.state is State.FAILED
    assert report.headline == f"The plan was refused: {len(report.problems)} problems. Nothing was touched."
    assert {problem.subject for problem in report.problems} == {"a1", "a2"}
    assert (report.site, report.rack, report.servers) == ("here", "A", ())


def test_a_dry_run_is_told_with_its_diff_and_what_it_looked_at() -> None:
    told = story(DataCenter(2), dry_run=True)
    told.make_plan()
    check = {"subject": "site here", "check": "Salt", "outcome": "ok", "what": "answers", "advice": "", "cause": ""}
    told.records.write("preflight/1.json", json.dumps([check]).encode())
    report = told.told()
    assert (report.state, report.headline) == (State.DONE, "A dry run: 2 servers would be installed. Nothing was touched.")
    assert {server.status for server in report.servers} == {"planned"}
    assert "a1 (serial S1, rack A, U1)" in report.plan_text
    assert report.checks[0].what == "answers"
    problem = check | {"outcome": "problem", "what": "does not answer"}
    told.records.write("preflight/2.json", json.dumps([check, problem]).encode())
    assert told.told().headline == "A dry run: 1 of 2 checks found a problem."


def test_a_rejected_plan_names_who_rejected_it() -> None:
    told = story(DataCenter(1))
    plan = told.make_plan(approval_required=True)
    approval.keep(told.records, Decision(REJECT, "Ann", told.at(), plan.sha256))
    report = told.told()
    assert (report.state, report.headline) == (State.FAILED, "Ann rejected the plan. Nothing was changed.")
    assert (report.approval_required, report.approvals[0].by) == (True, "Ann")


def test_an_approval_is_told_with_who_when_and_for_which_plan() -> None:
    told = story(DataCenter(1))
    plan = told.make_plan(approval_required=True)
    approval.keep(told.records, Decision(APPROVE, "Ann", told.at(), plan.sha256))
    told.rack_rows()
    told.server_rows("a1")
    told.finish()
    report = told.told()
    assert report.state is State.DONE
    assert [(one.chosen, one.by, one.plan_sha256) for one in report.approvals] == [(APPROVE, "Ann", report.plan_sha256)]


def test_a_run_with_nothing_to_do_says_so_and_what_it_left_alone() -> None:
    world = DataCenter(1)
    Told(world).everything()
    told = Told(world, "run-2")
    told.begin()
    told.make_plan()
    report = told.told()
    assert (report.state, report.headline) == (State.DONE, "There was nothing to do, and nothing was changed.")
    assert [(one.name, "is active" in one.why) for one in report.left_alone] == [("a1", True)]


def test_a_rack_wide_row_that_was_refused_is_told_for_the_whole_rack() -> None:
    told = story(DataCenter(2))
    told.make_plan()
    told.keep("claim", told.at(), Conflict("a1 is held by the run x.", "wait.", cause="claim-held"))
    report = told.told()
    assert report.state is State.FAILED
    assert report.headline == "No server was begun. a1 is held by the run x."
    assert [(cause.row, cause.code) for cause in report.causes] == [("claim", "claim-held")]
    assert {server.state for server in report.servers} == {State.UNTOUCHED}


def test_a_server_that_was_planned_again_says_what_changed() -> None:
    told = story(DataCenter(1))
    part = json.loads(told.make_plan().canonical())["servers"][0]
    part["management"]["mac"] = "02:00:00:00:00:ff"
    told.records.write("planned_again/a1/1.json", json.dumps(part).encode())
    assert of(told.told(), "a1").planned_again == ("MAC of management: 02:00:00:00:00:01 -> 02:00:00:00:00:ff",)


def test_an_empty_folder_makes_a_report_that_says_how_little_there_is() -> None:
    report = gather(FakeRecords(), Run("server_install", "x"), "2026-11-22T06:30:00+00:00")
    assert report.state is State.FAILED
    assert "before there was a plan" in report.headline


@cache
def good_day() -> Told:
    told = story(DataCenter(1))
    told.everything()
    return told


DOCUMENTS = sorted(good_day().records.kept)
TOLD = ("plan.json", "run.json", "times", "configure", "burn_in", "addresses", "statuses")
"""Documents, or folders of them, that a report is made of."""


def report_of(records: FakeRecords) -> Report:
    return gather(records, good_day().run, good_day().at())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_document_may_be_missing(name: str) -> None:
    records = deepcopy(good_day().records)
    del records.kept[name]
    assert report_of(records).headline


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.startswith(TOLD)])
def test_a_document_that_was_changed_is_named(name: str) -> None:
    records = deepcopy(good_day().records)
    records.kept[name] = b"[]"
    report = report_of(records)
    assert report.headline
    assert any(name in note for note in report.notes)


def test_the_same_documents_make_the_same_report() -> None:
    assert report_of(good_day().records) == report_of(deepcopy(good_day().records))


def test_no_nonce_is_in_a_report() -> None:
    nonce = json.loads(good_day().records.kept["boot/a1/1.json"])["nonce"]
    assert nonce not in str(report_of(good_day().records))
