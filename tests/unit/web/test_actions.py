"""The buttons of the Racks page over HTTP, with Airflow's own logins and permissions, in a data center of fakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY, DataCenter
from tests.unit.flow.leaving import POLICY as LEAVING
from tests.unit.flow.leaving import REASON, LiveSite
from tests.unit.web.airflow_here import USER, VIEWER, AirflowHere, airflow_here
from turnup.domain.errors import Transient
from turnup.domain.holds import Hold
from turnup.domain.policy import Policy
from turnup.fakes.runs import FakeRuns
from turnup.flow.job import Run
from turnup.orchestration.rehearsal import Scratch, Stage
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records
from turnup.web import patience, stages
from turnup.web.app import application
from turnup.web.bodies import LONGEST
from turnup.web.clearing import Tasks
from turnup.web.forgery import HEADER
from turnup.web.orders import ResumeOrder, RunOrder
from turnup.web.rooms import actions
from turnup.web.starting import AirflowRuns

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
PLAN = {"dag_id": "server_install", "site": "here", "rack": "A", "servers": ["a1"], "params": {}}
ORDERS: dict[str, dict[str, Any]] = {
    "/api/plans": PLAN,
    "/api/runs": PLAN | {"plan_hash": "0" * 64, "key": KEY},
    "/api/abort": {"site": "here", "servers": ["a1"], "reason": "a wrong rack", "key": KEY},
    "/api/resume": {"dag_id": "server_install", "run_id": "run-1", "task_id": "boot", "map_index": 0},
}
EVERY = pytest.mark.parametrize("path", ORDERS)


class FakeTasks(Tasks):
    """Airflow's tasks: what was resumed, by whom."""

    def __init__(self) -> None:
        self.resumed: list[tuple[str, str]] = []

    def resume(self, order: ResumeOrder, by: str) -> None:
        self.resumed.append((str(order), by))


class FakeStage(Stage):
    """A stage over fakes; what former runs kept is in the world's `former`."""

    def __init__(self, dag_id: str, site: str, world: DataCenter, policy: Policy) -> None:
        super().__init__(Run(dag_id, "preview"), site)
        self.__dict__ |= {"world": world, "policy": policy, "site": policy.site}
        self.__dict__["ports"] = world.ports(self.records)  # type: ignore[arg-type]

    def records_of(self, run: Run) -> Records:
        former: dict[str, Records] = getattr(self.__dict__["world"], "former", {})
        return former[run.claim]


@dataclass
class Page:
    """A page that somebody has open, and what is behind it. Tests change the world, and forge."""

    client: TestClient
    cookie: str
    token: str
    world: DataCenter = field(default_factory=lambda: DataCenter(3))
    policy: Policy = POLICY
    runs: FakeRuns = field(default_factory=FakeRuns)
    tasks: FakeTasks = field(default_factory=FakeTasks)

    def press(self, path: str, order: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        """Answers status and content; `headers` change what the page would send."""
        return self.post(path, json.dumps(order).encode(), **headers)

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {"content-type": "application/json", HEADER: self.token, "cookie": f"_token={self.cookie}"}
        sent |= {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.post(
            path, content=body, headers={name: value.encode("latin-1") for name, value in sent.items() if value}
        )
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json()

    @property
    def untouched(self) -> bool:
        return not self.runs.created and not self.tasks.resumed


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHere]:
    with airflow_here(tmp_path_factory.mktemp("airflow")) as here:
        yield here


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application()


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def opened(app: FastAPI, client: TestClient, airflow: AirflowHere) -> Callable[..., Page]:
    def open_page(name: str = USER, role: str = "user") -> Page:
        cookie = airflow.cookie(name, role)
        page = Page(client, cookie, airflow.token(name))

        def at(dag_id: str, site: str) -> Workplace:
            return FakeStage(dag_id, site, page.world, page.policy)

        app.dependency_overrides |= {
            stages.stages: lambda: at,
            AirflowRuns: lambda: page.runs,
            Tasks: lambda: page.tasks,
            patience.queue: lambda: patience.Queue(5),
        }
        return page

    return open_page


@pytest.fixture
def page(opened: Callable[..., Page]) -> Page:
    return opened()


@pytest.fixture
def leaving(opened: Callable[..., Page]) -> Page:
    page = opened()
    page.world, page.policy = LiveSite(4), LEAVING
    return page


LEAVE = {"dag_id": "server_decommission", "site": "here", "rack": "A", "servers": ["a1"], "params": {"reason": REASON}}


@EVERY
def test_a_viewer_sees_and_cannot_act(opened: Callable[..., Page], path: str) -> None:
    page = opened(VIEWER, "viewer")
    status, answer = page.press(path, ORDERS[path])
    assert status == 403
    assert answer["detail"].startswith("Airflow does not let you ")
    assert page.untouched


@EVERY
def test_without_a_login_nothing_is_done(page: Page, path: str) -> None:
    assert page.press(path, ORDERS[path], cookie="")[0] == 401
    assert page.press(path, ORDERS[path], cookie="_token=made.up.here")[0] in (401, 403)
    assert page.untouched


@EVERY
@pytest.mark.parametrize("token", ["", "0" * 64, "ä", "x" * 100_000])
def test_without_the_token_of_a_page_of_ours_nothing_is_done(page: Page, path: str, token: str) -> None:
    status, answer = page.press(path, ORDERS[path], **{HEADER: token})
    assert (status, "reload it" in answer["detail"]) == (403, True)
    assert page.untouched


@EVERY
def test_the_token_of_somebody_else_s_page_does_not_count(page: Page, airflow: AirflowHere, path: str) -> None:
    other = airflow.token("bob")
    assert page.press(path, ORDERS[path], **{HEADER: other})[0] == 403
    assert page.untouched


def test_a_token_is_of_whom_airflow_knows_whatever_the_cookie_beside_says(page: Page, airflow: AirflowHere) -> None:
    bob = {"authorization": f"Bearer {airflow.cookie('bob', 'user')}"}  # and ann's cookie: airflow takes the first
    assert page.press("/api/plans", PLAN, **bob)[0] == 403
    assert page.press("/api/plans", PLAN, **bob, **{HEADER: airflow.token("bob")})[0] == 200


def test_a_page_may_stay_open_over_night_and_not_for_ever(page: Page, airflow: AirflowHere) -> None:
    yesterday, long_ago = (airflow.token(USER, days_ago) for days_ago in (1, 2))
    assert page.press("/api/plans", PLAN, **{HEADER: yesterday})[0] == 200
    assert page.press("/api/plans", PLAN, **{HEADER: long_ago})[0] == 403


def test_a_session_that_airflow_renewed_keeps_its_page(page: Page, airflow: AirflowHere) -> None:
    renewed = airflow.cookie(USER, "user")
    assert renewed != page.cookie
    assert page.press("/api/plans", PLAN, cookie=f"_token={renewed}")[0] == 200


@EVERY
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
        {"origin": "https://evil.example", "sec_fetch_site": ""},
        {"origin": "null", "sec_fetch_site": ""},
        {"origin": "", "sec_fetch_site": "same-site"},
        {"origin": "http://testserver.evil.example", "sec_fetch_site": ""},
    ],
)
def test_what_a_page_of_another_site_sends_is_refused(page: Page, path: str, headers: dict[str, str]) -> None:
    status, answer = page.press(path, ORDERS[path], **headers)
    assert (status, "another site" in answer["detail"]) == (403, True)
    assert page.untouched


def test_a_page_reached_at_airflow_s_own_address_counts_whatever_a_proxy_calls_it(page: Page) -> None:
    assert page.press("/api/plans", PLAN, origin="http://airflow.example")[0] == 200
    assert page.press("/api/plans", PLAN, origin="", sec_fetch_site="")[0] == 200


@EVERY
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
def test_only_json_is_taken(page: Page, path: str, kind: str) -> None:
    assert page.press(path, ORDERS[path], content_type=kind)[0] == 415
    assert page.untouched


@EVERY
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 50_000, b"\xff", b'{"dag_id": 1}', b'{"x": NaN}'])
def test_a_body_that_makes_no_sense_is_refused_with_the_reason(page: Page, path: str, body: bytes) -> None:
    status, answer = page.post(path, body)
    assert status == 422
    assert isinstance(answer["detail"], str)
    assert page.untouched


@EVERY
def test_a_body_that_is_too_long_is_not_read_to_its_end(page: Page, path: str) -> None:
    assert page.post(path, b'"' + b"x" * LONGEST + b'"')[0] == 413
    assert page.untouched


@EVERY
def test_everything_wrong_is_said_at_once(page: Page, path: str) -> None:
    wrong = {name: {"an": "object"} for name in ORDERS[path]} | {"more": 1}
    status, answer = page.press(path, wrong)
    assert status == 422
    assert all(f"{name}: " in answer["detail"] for name in wrong if name not in ("params",))


@pytest.mark.parametrize("dag_id", ["webhook_sweep", "server_abort", "server_install ", "../x", ""])
def test_only_the_two_flows_that_have_a_plan_can_be_asked_for(page: Page, dag_id: str) -> None:
    assert page.press("/api/plans", PLAN | {"dag_id": dag_id})[0] == 422


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"approval": "waived"}, "Approval: 'waived' is not one of"),
        ({"dry_run": "yes"}, "Dry run: 'yes' is not of type 'boolean'"),
        ({"wipe": "none"}, "wipe is no parameter of server_install"),
        ({"site": "there"}, None),
    ],
)
def test_parameters_are_those_of_the_dag_s_form(page: Page, params: dict[str, str], said: str | None) -> None:
    status, answer = page.press("/api/plans", PLAN | {"params": params})
    if said is None:  # the order's own site counts
        assert (status, answer["servers"]) == (200, ["a1"])
    else:
        assert (status, said in answer["detail"]) == (422, True)


def test_the_plan_is_shown_and_nothing_is_touched(page: Page) -> None:
    before = page.world.footprint()
    status, answer = page.press("/api/plans", PLAN | {"servers": ["a1", "a3"]})
    assert (status, answer["state"], answer["servers"]) == (200, "planned", ["a1", "a3"])
    assert {"field": "status", "before": "planned", "after": "staged, then active"} in answer["changes"]["a1"]
    assert "a1.here.example" in answer["html"]
    assert "status: planned -> staged, then active" in answer["diff"]
    assert answer["burn_in"] == ["full", "quick"]
    assert page.world.footprint() == before
    assert page.untouched


def test_no_names_mean_every_server_of_the_rack_that_may_be_installed(page: Page) -> None:
    assert page.press("/api/plans", PLAN | {"servers": []})[1]["servers"] == ["a1", "a2", "a3"]


def test_all_that_stands_in_the_way_is_said_at_once(page: Page) -> None:
    page.world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=""), worlds.server(2, role="unknown"))))
    status, answer = page.press("/api/plans", PLAN | {"servers": ["a1", "a2", "<b>a9"]})
    assert (status, answer["state"], answer["plan_hash"]) == (200, "refused", "")
    assert {one["subject"] for one in answer["problems"]} >= {"a1", "a2", "<b>a9"}
    assert "&lt;b&gt;a9" in answer["html"]
    assert "<b>a9" not in answer["html"]


def test_a_rack_that_is_all_active_has_nothing_to_do(page: Page) -> None:
    page.world = LiveSite(2)
    answer = page.press("/api/plans", PLAN | {"servers": []})[1]
    assert answer["state"] == "nothing"
    assert "nothing to do in rack A" in answer["html"]


def test_a_plan_of_nobody_starts_nothing_as_no_names_would_mean_all(page: Page) -> None:
    page.world = LiveSite(2)
    order = ordered(page, PLAN | {"servers": []})
    status, answer = page.press("/api/runs", order)
    assert (status, "nothing to do" in answer["detail"]) == (409, True)
    assert page.untouched


def test_whoever_was_told_that_it_takes_too_long_is_not_surprised_by_a_run(page: Page) -> None:
    order = RunOrder.model_validate_json(json.dumps(ordered(page, PLAN)))
    gave_up = Event()
    gave_up.set()
    at = lambda dag_id, site: FakeStage(dag_id, site, page.world, page.policy)  # noqa: E731
    with pytest.raises(Transient, match="Nothing was started"):
        actions._started(at, page.runs, order, USER, gave_up)  # type: ignore[arg-type]
    assert page.untouched


def test_whoever_has_a_plan_going_on_is_told_when_to_try_again(page: Page, app: FastAPI) -> None:
    class Busy(patience.Queue):
        """Everybody has one."""

        async def answer[R](self, person: str, work: Callable[[], R], gave_up: Event | None = None) -> R:
            self._busy.add(person)
            return await super().answer(person, work, gave_up)

    app.dependency_overrides[patience.queue] = Busy
    answer = page.client.post(
        "/api/plans", json=PLAN, headers={HEADER: page.token, "cookie": f"_token={page.cookie}", "origin": "http://testserver"}
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


def ordered(page: Page, order: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    """The order of a run, as the page makes it of the plan that it shows."""
    return order | {"plan_hash": page.press("/api/plans", order)[1]["plan_hash"], "key": key}


def test_the_run_that_was_shown_is_started_in_the_person_s_name(page: Page) -> None:
    order = ordered(page, PLAN | {"servers": [], "params": {"burn_in": "full", "approval": "required"}})
    status, answer = page.press("/api/runs", order)
    assert (status, answer["run_id"], answer["new"]) == (201, f"racks__{KEY}", True)
    assert answer["url"] == f"http://airflow.example/dags/server_install/runs/racks__{KEY}"
    (run,) = page.runs.created.values()
    assert (run.by, run.dag_id) == (USER, "server_install")
    assert run.parameters == {
        "site": "here",
        "rack": "A",
        "servers": ["a1", "a2", "a3"],
        "dry_run": False,
        "approval": "required",
        "burn_in": "full",
    }


def test_the_button_pressed_twice_starts_one_run(page: Page) -> None:
    order = ordered(page, PLAN)
    answers = [page.press("/api/runs", order) for _ in range(2)]
    assert [(status, answer["new"]) for status, answer in answers] == [(201, True), (200, False)]
    assert answers[0][1]["url"] == answers[1][1]["url"]
    assert len(page.runs.created) == 1


def test_where_the_dag_is_paused_the_answer_says_that_the_run_waits(page: Page) -> None:
    page.runs.is_paused = True
    assert page.press("/api/runs", ordered(page, PLAN))[1]["paused"] is True


def test_a_plan_that_changed_since_is_shown_anew_instead_of_started(page: Page) -> None:
    order = ordered(page, PLAN)
    page.world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, mac="02:00:00:00:ee:01"),)))
    status, answer = page.press("/api/runs", order)
    assert status == 409
    assert "nothing was started" in answer["detail"]
    assert "02:00:00:00:ee:01" in answer["plan"]["html"]
    assert page.untouched
    assert page.press("/api/runs", order | {"plan_hash": answer["plan"]["plan_hash"]})[0] == 201


@pytest.mark.parametrize("changed", [{"params": {"burn_in": "full"}}, {"servers": ["a2"]}, {"servers": []}])
def test_what_was_not_shown_is_not_started(page: Page, changed: dict[str, Any]) -> None:
    assert page.press("/api/runs", ordered(page, PLAN) | changed)[0] == 409
    assert page.untouched


def test_a_dry_run_of_the_same_plan_needs_no_other_look_at_it(page: Page) -> None:
    assert page.press("/api/runs", ordered(page, PLAN) | {"params": {"dry_run": True}})[0] == 201


def test_under_a_hold_the_plan_is_shown_with_it_and_only_a_dry_run_starts(page: Page) -> None:
    page.world.inventory.held.append(Hold("here", "works on the power"))
    assert "works on the power" in page.press("/api/plans", PLAN)[1]["hold"]
    order = ordered(page, PLAN)
    status, answer = page.press("/api/runs", order)
    assert (status, "works on the power" in answer["detail"]) == (409, True)
    assert page.untouched
    assert page.press("/api/runs", order | {"params": {"dry_run": True}})[0] == 201


def test_what_would_be_destroyed_is_shown_before_a_decommission_is_asked_for(leaving: Page) -> None:
    before, contents = leaving.world.footprint(), leaving.world.contents()  # type: ignore[attr-defined]
    status, answer = leaving.press("/api/plans", LEAVE)
    assert (status, answer["state"], answer["servers"]) == (200, "planned", ["a1"])
    for words in ("Destroys everything on", "approves", "nothing brings it back", "a2"):
        assert words in answer["html"]
    assert leaving.world.footprint() == before
    assert leaving.world.contents() == contents  # type: ignore[attr-defined]


def test_a_decommission_is_started_with_what_was_shown_and_no_other_server(leaving: Page) -> None:
    order = ordered(leaving, LEAVE)
    assert leaving.press("/api/runs", order | {"servers": ["a1", "a2"]})[0] == 409
    assert leaving.press("/api/runs", order | {"servers": []})[0] == 422
    assert leaving.press("/api/runs", order)[0] == 201
    (run,) = leaving.runs.created.values()
    assert (run.by, run.parameters["servers"], run.parameters["wipe"]) == (USER, ["a1"], "clear")


@pytest.mark.parametrize("names", [["b1"], ["a1", "b1"], ["A1"], ["a1 "], ["a*"], ["a1", "a1"]])
def test_names_that_are_not_exactly_the_rack_s_servers_each_once_lead_to_no_decommission(leaving: Page, names: list[str]) -> None:
    order = LEAVE | {"servers": names}
    status, answer = leaving.press("/api/plans", order)
    assert (status, answer.get("state"), answer.get("plan_hash")) == (200, "refused", "")
    shown = ordered(leaving, LEAVE)
    assert leaving.press("/api/runs", shown | {"servers": names})[0] == 409
    assert leaving.untouched


def test_a_decommission_needs_names_and_a_reason(leaving: Page) -> None:
    status, answer = leaving.press("/api/plans", LEAVE | {"servers": [], "params": {"reason": ""}})
    assert status == 422
    assert "Servers: " in answer["detail"]
    assert "Reason: " in answer["detail"]


def test_whoever_may_not_decommission_here_reads_why_in_the_preview(leaving: Page) -> None:
    nobody = replace(leaving.policy.site.decommission, approvers=(USER,), second_approvers=())
    leaving.policy = Policy(replace(leaving.policy.site, decommission=nobody), leaving.policy.hardware)
    answer = leaving.press("/api/plans", LEAVE)[1]
    assert answer["state"] == "refused"
    assert answer["problems"]


def test_a_failed_task_is_resumed_in_the_person_s_name(page: Page) -> None:
    status, answer = page.press("/api/resume", ORDERS["/api/resume"])
    assert (status, answer["run_id"]) == (200, "run-1")
    assert page.tasks.resumed == [("boot[0]", USER)]
    assert not answer["paused"]


def test_where_the_dag_is_paused_whoever_resumes_is_told_that_it_waits(page: Page) -> None:
    page.runs.is_paused = True
    assert page.press("/api/resume", ORDERS["/api/resume"])[1]["paused"] is True


def test_an_abort_is_a_run_of_its_own_and_starts_once(page: Page) -> None:
    answers = [page.press("/api/abort", ORDERS["/api/abort"]) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 200]
    (run,) = page.runs.created.values()
    assert (run.dag_id, run.by) == ("server_abort", USER)
    assert run.parameters == {"site": "here", "servers": ["a1"], "reason": "a wrong rack"}
    assert page.press("/api/abort", ORDERS["/api/abort"] | {"servers": []})[0] == 422
    assert page.press("/api/abort", ORDERS["/api/abort"] | {"reason": "x"})[0] == 422


def test_nothing_of_a_rehearsal_is_kept() -> None:
    scratch = Scratch()
    scratch.write("snapshot/1.json", b"{}")
    assert scratch.names("snapshot") == ("snapshot/1.json",)
    assert Stage(Run("server_install", "preview"), "here").records.names("snapshot") == ()
