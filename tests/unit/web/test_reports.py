"""The routes of `/turnup/reports/`, over a report store in a folder. Login is Airflow's own; only who may see what is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.flow.datacenter import DataCenter
from tests.unit.reporting.stories import Told
from turnup.adapters.report_store import RunRecords
from turnup.reporting import archive
from turnup.web import store as store_module
from turnup.web.access import Reader
from turnup.web.app import application
from turnup.web.runs import Runs
from turnup.web.store import ReportStore

HTML = {"accept": "text/html"}
ID = "server_install.run-1"


class Someone(Reader):
    """Somebody who may see the runs of these DAGs."""

    def __init__(self, *dags: str) -> None:
        self.dags = dags

    def may_read(self, dag_id: str) -> bool:
        return dag_id in self.dags


class FakeRuns(Runs):
    """Airflow's runs, of which none goes on unless a test says so."""

    def __init__(self, *going_on: str) -> None:
        self.going_on = going_on

    def goes_on(self, dag_id: str, run_id: str) -> bool:
        return f"{dag_id}/{run_id}" in self.going_on


def client(root: Path, reader: Reader | None, *going_on: str) -> TestClient:
    app = application()
    app.dependency_overrides |= {store_module.store: lambda: ReportStore(str(root)), Runs: lambda: FakeRuns(*going_on)}
    if reader is not None:
        app.dependency_overrides[Reader] = lambda: reader
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a run that failed at first and has two versions, one that wrote no report, and one with a strange name."""
    folder = tmp_path_factory.mktemp("store")
    world = DataCenter(2)
    world.servers["a1"].bmc.answers = False
    told = Told(world)
    told.begin()
    told.everything()
    archive.write(told.records, told.told())
    world.servers["a1"].bmc.answers = True
    told.server_rows("a1", resumed=True)
    told.finish()
    archive.write(told.records, told.told())
    copy(told, folder, "run-1")
    unfinished = Told(DataCenter(1), "run-2")
    unfinished.begin()
    unfinished.make_plan()
    unfinished.rack_rows()
    copy(unfinished, folder, "run-2")
    copy(unfinished, folder, "manual__2026-11-22T06:30:50.3+00:00 <script>")
    return folder


def copy(told: Told, folder: Path, run_id: str) -> None:
    records = RunRecords(str(folder), "server_install", run_id)
    for name, content in told.records.kept.items():
        records.write(name, content)


@pytest.fixture
def pages(root: Path) -> Iterator[TestClient]:
    with client(root, Someone("server_install")) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/reports/", f"/reports/{ID}", f"/reports/{ID}.json", "/reports/nothing.here"])
def test_without_a_login_nothing_is_shown(root: Path, path: str) -> None:
    answer = client(root, None).get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"
    assert "a1" not in answer.text


def test_a_browser_without_a_login_is_led_to_it_and_back(root: Path) -> None:
    answer = client(root, None).get(f"/reports/{ID}", headers=HTML)
    assert answer.status_code == 401
    assert "/api/v2/auth/login?next=" in answer.text
    assert ID in answer.text


@pytest.mark.parametrize("path", [f"/reports/{ID}", f"/reports/{ID}.json", "/reports/server_install.no-such-run"])
def test_whoever_may_not_see_a_dags_runs_does_not_see_its_reports(root: Path, path: str) -> None:
    stranger = client(root, Someone("another_dag"))
    assert stranger.get(path).status_code == 403
    assert ID not in stranger.get("/reports/").text


def test_the_newest_version_is_shown_and_older_ones_can_be_reached(pages: TestClient) -> None:
    newest = pages.get(f"/reports/{ID}")
    assert newest.status_code == 200
    assert "All 2 servers are active." in newest.text
    assert "1 failure mended" in newest.text
    older = pages.get(f"/reports/{ID}?version=1").text
    assert "a1 failed at boot" in older
    assert "This is version 1" in older
    assert pages.get(f"/reports/{ID}?version=3").status_code == 404
    assert pages.get(f"/reports/{ID}?version=0").status_code == 422


def test_json_is_the_same_report(pages: TestClient) -> None:
    answer = pages.get(f"/reports/{ID}.json")
    assert answer.headers["content-type"] == "application/json"
    report = json.loads(answer.text)
    assert (report["format"], report["id"], report["state"]) == ("turnup-report/1", ID, "done")
    assert {server["name"] for server in report["servers"]} == {"a1", "a2"}
    assert json.loads(pages.get(f"/reports/{ID}", headers={"accept": "application/json"}).text) == report
    assert json.loads(pages.get(f"/reports/{ID}.json?version=1").text)["state"] == "failed"


def test_a_run_without_a_written_report_is_told_from_its_documents(pages: TestClient) -> None:
    answer = pages.get("/reports/server_install.run-2")
    assert answer.status_code == 200
    assert "No report was written" in answer.text


def test_a_run_that_goes_on_is_told_as_it_stands_and_not_as_it_was_written(root: Path) -> None:
    answer = client(root, Someone("server_install"), "server_install/run-1").get(f"/reports/{ID}")
    assert "The run goes on." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/reports/nothing",
        "/reports/server_install.no-such-run",
        "/reports/..%2f..%2fetc%2fpasswd",
        "/reports/server_install.~2e~2e~2f~2e~2e",
        "/reports/server_install.run-1.json.json",
        "/reports/%00.%00",
        "/nothing",
    ],
)
def test_what_is_not_there_is_not_found(pages: TestClient, path: str) -> None:
    for headers in ({}, HTML):
        answer = pages.get(path, headers=headers)
        assert answer.status_code == 404, answer.text


def test_the_list_names_every_run_the_newest_first(pages: TestClient) -> None:
    text = pages.get("/reports/").text
    assert text.index("~20~3cscript~3e") < text.index("server_install.run-2") < text.index(ID)
    assert "All 2 servers are active." in text
    assert "<script>" not in text


def test_the_list_is_bounded(pages: TestClient, root: Path) -> None:
    many = root / "many"
    for number in range(60):
        RunRecords(str(many), "server_install", f"run-{number:02}").write("run.json", b"{}")
    listed = client(many, Someone("server_install"))
    assert listed.get("/reports/").text.count('<th scope="row">') == 50
    assert listed.get("/reports/?after=50").text.count('<th scope="row">') == 10
    assert listed.get("/reports/?after=-1").status_code == 422


def test_an_empty_store_is_a_page_too(tmp_path: Path) -> None:
    assert "No run has left a report" in client(tmp_path / "none", Someone("server_install")).get("/reports/").text


@pytest.mark.parametrize("path", ["/reports/", f"/reports/{ID}", f"/reports/{ID}.json", "/reports/nothing"])
def test_every_answer_has_the_headers_that_keep_a_page_harmless(pages: TestClient, path: str) -> None:
    headers = pages.get(path, headers=HTML).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_a_damaged_report_is_said_and_older_ones_stay_readable(root: Path, tmp_path: Path) -> None:
    records = RunRecords(str(tmp_path), "server_install", "run-1")
    good = RunRecords(str(root), "server_install", "run-1")
    for number in (1, 2):
        records.write(f"report/{number}.json", good.read(f"report/{number}.json") or b"")
    (tmp_path / "runs/server_install/run-1/report/2.json").write_text("{}")
    damaged = client(tmp_path, Someone("server_install"))
    answer = damaged.get(f"/reports/{ID}", headers=HTML)
    assert answer.status_code == 409
    assert "report/2.json was changed after it was written" in answer.text
    assert damaged.get(f"/reports/{ID}?version=1").status_code == 200
    assert "was changed after it was written" in damaged.get("/reports/").text
