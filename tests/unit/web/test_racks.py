"""The Racks page and its JSON over a fake NetBox and made-up runs. Login is Airflow's own; only who may do what is made up."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from turnup.adapters.policy_files import load_policy
from turnup.adapters.report_store import RunRecords
from turnup.domain.errors import Transient
from turnup.domain.fleet import Device, Fleet, Rack
from turnup.domain.holds import Hold
from turnup.domain.progress import RunSeen, TaskSeen
from turnup.fakes.fleet import FakeFacts, fleet
from turnup.ports import Records
from turnup.web import lookout
from turnup.web.access import Reader
from turnup.web.app import application
from turnup.web.course import Course
from turnup.web.kept_causes import KeptCauses
from turnup.web.sight import Sight
from turnup.web.store import ReportStore
from turnup.web.watch import Watch

HTML = {"accept": "text/html"}
POLICY = load_policy(Path(__file__).parents[3] / "inventory", "lab1").site
RACK = "?site=site1&rack=R1"
ODD = "R/2 <script>alert(1)</script> #?&\"'%2F"
DAG = "server_install"


class Someone(Reader):
    """Somebody who may read, start and clear, or only read."""

    def __init__(self, *, acts: bool = True, reads: bool = True) -> None:
        self.acts, self.reads = acts, reads

    name = "ann"

    def may_read(self, dag_id: str) -> bool:
        return self.reads

    def may_start(self, dag_id: str) -> bool:
        return self.acts

    def may_clear(self, dag_id: str) -> bool:
        return self.acts


class FakeCourse(Course):
    """Runs that a test made up, or Airflow's database is away."""

    def __init__(self, *runs: RunSeen, answers: bool = True) -> None:
        self.runs, self.answers = runs, answers

    def going_on(self) -> tuple[RunSeen, ...]:
        if not self.answers:
            raise Transient("Airflow's database does not answer (OperationalError).")
        return tuple(run for run in self.runs if run.going_on)

    def of_rack(self, site: str, rack: str, named: Collection[str]) -> tuple[RunSeen, ...]:
        if not self.answers:
            raise Transient("Airflow's database does not answer (OperationalError).")
        return tuple(run for run in self.runs if run.rack == rack)


def run(*tasks: tuple[str, int, str], state: str = "running", servers: tuple[str, ...] = ("site1-r1-n01",)) -> RunSeen:
    seen = tuple(TaskSeen(task, index, word, "2026-11-22T11:00:00+00:00") for task, index, word in tasks)
    began = "2026-11-22T10:30:00+00:00"
    return RunSeen(DAG, "manual__1+00:00", state, "ada", began, "", "site1", "R1", servers, True, False, seen)


def client(
    facts: FakeFacts,
    *runs: RunSeen,
    reader: Reader | None = None,
    store: str = "/nowhere",
    answers: bool = True,
    settle: bool = True,
) -> TestClient:
    app, watch = application(), Watch(lambda: facts)
    watch.look()
    if settle:
        watch.settle()
    sight = Sight(
        watch,
        FakeCourse(*runs, answers=answers),
        lambda site: POLICY if site == "site1" else None,
        KeptCauses(ReportStore(store)),
    )
    app.dependency_overrides[lookout.sight] = lambda: sight
    if reader is not None:
        app.dependency_overrides[Reader] = lambda: reader
    return TestClient(app, raise_server_exceptions=False)


def one_failed() -> FakeFacts:
    facts = FakeFacts(fleet(2))
    cause = (
        "boot: site1-r1-n01 (serial LM00001, rack R1, U1): the BMC is silent <b>. Next: look. [bmc-silent] (run server_install/x)"
    )
    facts.set("site1-r1-n01", status="failed", cause=cause, last_run="server_install/manual__1+00:00")
    return facts


WAY = [(name, -1, "success") for name in ("snapshot", "plan", "approval", "claim", "addresses", "dhcp")]
FAILED_RUN = run(*WAY, ("boot", 0, "failed"), state="failed")


@pytest.mark.parametrize("path", ["/", f"/{RACK}", "/api/racks", f"/api/rack{RACK}"])
def test_without_a_login_nothing_is_shown(path: str) -> None:
    answer = client(FakeFacts(fleet())).get(path)
    assert answer.status_code == 401
    assert "site1-r1" not in answer.text


@pytest.mark.parametrize("path", ["/", f"/{RACK}", "/api/racks", f"/api/rack{RACK}"])
def test_who_may_read_no_dag_of_turnup_sees_nothing(path: str) -> None:
    answer = client(FakeFacts(fleet()), reader=Someone(reads=False)).get(path)
    assert answer.status_code == 403
    assert "site1-r1" not in answer.text


def test_the_first_page_counts_servers_by_state_and_names_who_waits() -> None:
    opened = client(one_failed(), FAILED_RUN, reader=Someone())
    text = opened.get("/", headers=HTML).text
    assert "1 server waits for somebody" in text
    assert "site1-r1-n01" in text
    found = opened.get("/api/racks").json()
    assert [site["slug"] for site in found["sites"]] == ["site1", "site2"]
    assert found["sites"][0]["counts"] == {"failed": 1, "planned": 15}
    assert [rack["counts"] for rack in found["sites"][0]["racks"]] == [{"failed": 1, "planned": 7}, {"planned": 8}]
    assert "site2.yaml" in found["sites"][1]["note"]
    assert found["sites"][1]["racks"][0]["others"] == 8


def test_a_rack_shows_every_server_with_what_to_do_next() -> None:
    opened = client(one_failed(), FAILED_RUN, reader=Someone())
    text = opened.get(f"/{RACK}", headers=HTML).text
    assert text.count('name="server"') == 8
    assert 'data-action="resume" data-server="site1-r1-n01" data-dag="server_install" data-run="manual__1+00:00"' in text
    assert 'data-task="boot" data-index="0"' in text
    assert "The BMC is silent &lt;b&gt;." in text
    assert '<main data-site="site1" data-rack="R1" data-csrf="' in text
    server = opened.get(f"/api/rack{RACK}").json()["servers"][-1]["server"]
    assert (server["name"], server["state"], server["step"], server["units"]) == ("site1-r1-n01", "failed", "boot", "U1")
    assert (server["cause_code"], server["advice"]) == ("bmc-silent", "look.")
    assert server["links"]["netbox"] == "https://netbox.example.com/dcim/devices/1/"
    assert server["links"]["bmc"] == "https://198.18.240.1"
    assert server["links"]["task"].endswith("/dags/server_install/runs/manual__1%2B00%3A00/tasks/boot/mapped/0")


def test_a_viewer_sees_all_of_it_and_gets_nothing_to_act_with() -> None:
    opened = client(one_failed(), FAILED_RUN, reader=Someone(acts=False))
    text = opened.get(f"/{RACK}", headers=HTML).text
    assert "The BMC is silent" in text
    for tool in ("data-action=", "data-csrf=", 'name="server"', "data-choose=", "actions.js", "<dialog"):
        assert tool not in text
    assert opened.get(f"/api/rack{RACK}").json()["servers"][-1]["server"]["action"] is None


def test_who_may_only_resume_has_the_dialog_and_nothing_to_choose() -> None:
    class Resumes(Someone):
        def may_start(self, dag_id: str) -> bool:
            return False

    text = client(one_failed(), FAILED_RUN, reader=Resumes()).get(f"/{RACK}", headers=HTML).text
    for tool in ('data-action="resume"', 'data-csrf="', "actions.js", "<dialog"):
        assert tool in text
    assert 'name="server"' not in text


def test_an_abort_that_failed_is_aborted_again_and_never_resumed() -> None:
    failed = replace(run(("check", -1, "success"), ("undo", 0, "failed"), state="failed"), dag_id="server_abort")
    facts = one_failed()
    facts.set("site1-r1-n01", last_run=failed.claim)
    opened = client(facts, failed, reader=Someone())
    server = opened.get(f"/api/rack{RACK}").json()["servers"][-1]["server"]
    assert (server["state"], server["step"], server["action"]) == ("failed", "undo", None)
    assert 'data-choose="abort" data-server="site1-r1-n01"' in opened.get(f"/{RACK}", headers=HTML).text


@pytest.mark.parametrize(("hidden", "state"), [("server_decommission", "working"), ("server_adopt", "stopped")])
def test_a_server_whose_run_the_reader_may_not_see_is_not_said_to_be_left_behind(hidden: str, state: str) -> None:
    class Reads(Someone):
        def may_read(self, dag_id: str) -> bool:
            return dag_id != hidden

    facts = FakeFacts(fleet())
    facts.set("site1-r1-n01", status="decommissioning", claim="server_decommission/manual__2")
    opened = client(facts, reader=Reads())
    assert opened.get(f"/api/rack{RACK}").json()["counts"] == {state: 1, "planned": 7}
    assert opened.get("/api/racks").json()["sites"][0]["counts"] == {state: 1, "planned": 15}


def test_a_run_that_asks_leads_to_where_it_is_answered() -> None:
    asks = run(*WAY[:2], ("approval", -1, "awaiting_input"))
    found = client(FakeFacts(fleet()), asks, reader=Someone()).get(f"/api/rack{RACK}").json()
    assert found["runs"][0]["asks"].endswith("/tasks/approval/required_actions")
    assert found["counts"] == {"asking": 1, "planned": 7}


def test_a_run_that_failed_as_a_whole_tells_why(tmp_path: Path) -> None:
    error = '{"kind": "Refused", "what": "The plan is refused.", "advice": "mend it.", "cause": "plan-refused"}'
    problems = '[{"subject": "a1", "what": "has no serial <number>", "advice": ""}]'
    document = f'{{"row": "plan", "error": {error}, "problems": {problems}}}'
    RunRecords(str(tmp_path), DAG, "manual__1+00:00").write("times-rack/1.json", document.encode())
    refused = run(("snapshot", -1, "success"), ("plan", -1, "failed"), state="failed", servers=())
    opened = client(FakeFacts(fleet()), refused, reader=Someone(), store=str(tmp_path))
    assert opened.get(f"/api/rack{RACK}").json()["runs"][0]["cause"] == "The plan is refused.\na1: has no serial <number>"
    assert "has no serial &lt;number&gt;" in opened.get(f"/{RACK}", headers=HTML).text


def test_a_server_that_its_run_never_held_has_its_cause_from_the_runs_folder(tmp_path: Path) -> None:
    document = b'{"step": "claim", "kind": "Conflict", "what": "another MAC", "advice": "plan again", "cause": "facts-changed"}'
    RunRecords(str(tmp_path), DAG, "manual__1+00:00").write("failed/site1-r1-n01/1.json", document)
    found = client(FakeFacts(fleet()), FAILED_RUN, reader=Someone(), store=str(tmp_path)).get(f"/api/rack{RACK}").json()
    server = found["servers"][-1]["server"]
    assert (server["state"], server["cause"], server["cause_code"]) == ("failed", "another MAC", "facts-changed")


def test_a_cause_that_the_store_did_not_tell_is_asked_for_again(tmp_path: Path) -> None:
    class Shaky(ReportStore):
        """Does not answer the first time."""

        asked = 0

        def records(self, dag_id: str, run_id: str) -> Records:
            self.asked += 1
            if self.asked == 1:
                raise Transient("The report store does not answer.")
            return super().records(dag_id, run_id)

    document = b'{"step": "claim", "kind": "Conflict", "what": "another MAC", "advice": "plan again", "cause": "facts-changed"}'
    RunRecords(str(tmp_path), DAG, "manual__1+00:00").write("failed/site1-r1-n01/1.json", document)
    kept = KeptCauses(Shaky(str(tmp_path)))
    first, second = (kept.of_server(FAILED_RUN, "site1-r1-n01", "") for _ in range(2))
    assert first is None
    assert second is not None
    assert second.what == "another MAC"


def test_names_may_hold_anything() -> None:
    facts = FakeFacts(fleet())
    rack = Rack(99, ODD, "site1", "active", "2026-11-22T07:00:00Z")
    device = Device(999, f"a {ODD}", "site1", "planned", "2026-11-22T07:00:00Z", 99, 1, role="edge")
    facts.fleet = facts.fleet.changed([rack], [device], ())
    opened = client(facts, reader=Someone())
    text = opened.get("/", headers=HTML).text
    assert "<script>alert" not in text
    assert f"?site=site1&amp;rack={quote(ODD, safe='')}".replace("%20", "+") in text
    page = opened.get("/", params={"site": "site1", "rack": ODD}, headers=HTML)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert opened.get("/api/rack", params={"site": "site1", "rack": ODD}).json()["rack"] == ODD


def test_two_racks_of_one_name_are_told() -> None:
    facts = FakeFacts(fleet())
    twin = Rack(99, "R1", "site1", "active", "2026-11-22T07:00:00Z", location="Hall 2")
    facts.fleet = facts.fleet.changed([twin], [], ())
    assert "2 racks of this name" in client(facts, reader=Someone()).get(f"/api/rack{RACK}").json()["notes"][0]


@pytest.mark.parametrize("path", ["?site=site1&rack=R99", "?site=nowhere&rack=R1", "?rack=R1", "?site=&rack=%00"])
def test_a_rack_that_is_not_there_is_not_found(path: str) -> None:
    opened = client(FakeFacts(fleet()), reader=Someone())
    assert opened.get(f"/{path}", headers=HTML).status_code == 404
    assert opened.get(f"/api/rack{path}").status_code in {404, 422}


def test_a_hold_is_shown_on_both_pages() -> None:
    facts = FakeFacts(fleet())
    facts.fleet = replace(facts.fleet, holds=(Hold("site1", "floor is wet"),))
    opened = client(facts, reader=Someone())
    assert "floor is wet" in opened.get("/", headers=HTML).text
    assert "floor is wet" in opened.get(f"/{RACK}", headers=HTML).text


def test_netbox_that_never_answered_is_a_page_that_says_so() -> None:
    opened = client(FakeFacts(answers=False), reader=Someone())
    for path in ("/", f"/{RACK}"):
        answer = opened.get(path, headers=HTML)
        assert answer.status_code == 200
        assert "NetBox has not answered" in answer.text
        assert "see whether it is up" in answer.text


def test_airflows_database_that_does_not_answer_leaves_netboxs_facts() -> None:
    opened = client(one_failed(), FAILED_RUN, reader=Someone(), answers=False)
    found = opened.get(f"/api/rack{RACK}").json()
    assert found["counts"] == {"failed": 1, "planned": 7}
    assert "OperationalError" in found["freshness"]["airflow_error"]
    assert "How runs go is not known" in opened.get(f"/{RACK}", headers=HTML).text


@pytest.mark.parametrize("path", ["/", f"/{RACK}"])
def test_a_page_runs_only_our_own_scripts(path: str) -> None:
    answer = client(one_failed(), FAILED_RUN, reader=Someone()).get(path, headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


@pytest.mark.parametrize(
    ("name", "kind"), [("racks.css", "text/css"), ("live.js", "text/javascript"), ("racks.svg", "image/svg+xml")]
)
def test_static_files_are_served_with_their_kind(name: str, kind: str) -> None:
    answer = client(FakeFacts()).get(f"/static/{name}?v=1")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["..%2fpages.py", "pages.py", ".", "nothing.css", "%2e%2e%2fapp.py"])
def test_nothing_else_is(name: str) -> None:
    assert client(FakeFacts()).get(f"/static/{name}").status_code == 404


def test_ten_thousand_devices_and_a_full_rack_are_quick() -> None:
    """The budget is 200 ms a view. What counts is the processor's time: others are at work on the machine too."""
    whole = fleet(5, 100, 20, status="active")
    full = [
        replace(one, rack_id=1, id=20_000 + one.id, position=20 + one.position)
        for one in whole.devices.values()
        if one.rack_id == 1 and one.position and one.position <= 20
    ]
    opened = client(FakeFacts(whole.changed([], full, ())), FAILED_RUN, reader=Someone())
    assert (len(whole.racks), len(whole.devices)) == (500, 10_000)
    for path in ("/", f"/{RACK}"):
        assert _quickest(opened, path) < 0.2


def _quickest(opened: TestClient, path: str) -> float:
    def once() -> float:
        began = time.process_time()
        assert opened.get(path, headers=HTML).status_code == 200
        return time.process_time() - began

    return min(once() for _ in range(4))


def test_a_fleet_that_is_empty_is_a_page_too() -> None:
    assert "NetBox has no site yet" in client(FakeFacts(Fleet()), reader=Someone()).get("/", headers=HTML).text
