"""What a notice says of a run: one line a cause, however many servers, and what to do next."""

from __future__ import annotations

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import DataCenter
from tests.unit.reporting.stories import Told
from turnup.domain.holds import Hold
from turnup.domain.notices import Severity
from turnup.reporting import notices
from turnup.reporting.notices import Places

PLACES = Places("https://airflow/turnup/?rack=A", {f"a{number}": f"https://netbox/{number}" for number in range(1, 9)})


def story(world: DataCenter, **params: object) -> Told:
    told = Told(world)
    told.begin(**params)
    return told


def silent(world: DataCenter, *names: str) -> None:
    for name in names:
        world.servers[name].bmc.answers = False


def test_eight_servers_that_fail_for_one_cause_are_one_line() -> None:
    world = DataCenter(8)
    silent(world, *world.servers)
    told = story(world)
    told.everything()
    notice = notices.finished(told.told(), PLACES)
    assert (notice.severity, notice.title) == (Severity.BAD, "Install of rack A, site here: 0 of 8 servers are active")
    (group,) = notice.groups
    assert group.what == "8 servers failed at boot: The BMC does not answer [bmc-silent]"
    assert [link.text for link in group.servers] == list(world.servers)
    assert group.servers[7].url == "https://netbox/8"
    assert group.evidence.startswith("a1: ")
    assert group.advice
    assert "clear that server's failed task" in notice.next_step
    assert notice.text == "Asked for by operator."


def test_two_causes_are_two_lines_the_larger_first() -> None:
    world = DataCenter(3)
    silent(world, "a2", "a3")
    world.servers["a1"].boots = False
    told = story(world)
    told.everything()
    whats = [group.what for group in notices.finished(told.told(), PLACES).groups]
    assert whats == [
        "2 servers failed at boot: The BMC does not answer [bmc-silent]",
        "1 server failed at boot: The server is on, and SSH does not answer [ssh-silent]",
    ]


def test_while_the_run_goes_on_the_title_says_how_many_failed_and_how_many_go_on() -> None:
    world = DataCenter(3)
    silent(world, "a2")
    told = story(world)
    told.make_plan()
    told.rack_rows()
    told.row("boot", "a2")
    notice = notices.failures(told.told(going_on=True), ("a2",), PLACES)
    assert notice.title == "Install of rack A, site here: 1 of 3 servers failed, 2 go on"
    assert notice.groups[0].task is None, "the run's own page is not known here"


def test_the_first_server_s_task_is_one_step_away() -> None:
    world = DataCenter(3)
    silent(world, "a2")
    told = story(world)
    object.__setattr__(told.run, "url", "https://airflow/dags/server_install/runs/run-1")
    told.everything()
    (group,) = notices.finished(told.told(), PLACES).groups
    assert group.task is not None
    assert group.task.url == "https://airflow/dags/server_install/runs/run-1/tasks/boot/mapped/1"


def test_a_run_that_went_well_asks_for_nothing() -> None:
    told = story(DataCenter(2))
    told.everything()
    notice = notices.finished(told.told(), PLACES)
    assert (notice.severity, notice.groups, notice.next_step) == (Severity.GOOD, (), "Nothing.")
    assert notice.title == "Install of rack A, site here: All 2 servers are active"
    assert [link.text for link in notice.links] == ["Racks page"]


def test_a_refused_plan_says_each_problem_and_that_nothing_was_touched() -> None:
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=""), worlds.server(2, serial=""))))
    told = story(world)
    told.refused()
    notice = notices.finished(told.told(), PLACES)
    assert notice.severity is Severity.BAD
    assert notice.title == "Install of rack A, site here: The plan was refused: 2 problems"
    assert [group.what.split(":")[0] for group in notice.groups] == ["a1", "a2"]
    assert "start a new run" in notice.next_step


def test_an_approval_names_who_may_answer_and_where() -> None:
    told = story(DataCenter(2))
    told.make_plan(approval_required=True)
    report = told.told(going_on=True)
    notice = notices.approval(report, "", ("kim", "eve"), PLACES)
    assert notice.title == "Install of rack A, site here: a plan for 2 servers waits for an approval"
    assert "One of these may answer: kim, eve." in notice.text
    assert notice.links[0].url.endswith("/required_actions")
    assert "a1, planned again, waits" in notices.approval(report, "a1", (), PLACES).title


def test_a_hold_says_its_reason_and_who_lifts_it() -> None:
    told = story(DataCenter(1))
    told.make_plan()
    notice = notices.held(told.told(going_on=True), Hold("here", "cooling, ask Kim"), PLACES)
    assert (notice.severity, "cooling, ask Kim" in notice.title) == (Severity.ATTENTION, True)
    assert "turnup-hold" in notice.next_step
