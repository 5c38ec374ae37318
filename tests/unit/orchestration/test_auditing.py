"""The tasks of `fleet_audit` as Airflow calls them, at a site of fakes, and the pages that show what they found."""

from __future__ import annotations

import json
import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from fastapi.testclient import TestClient

from tests.unit.auditing.test_fixing import STRANGER, Fixing, boot_file, stranger
from turnup.adapters.report_store import RunRecords
from turnup.auditing.audit import Site
from turnup.domain.audits import Audit
from turnup.domain.errors import Transient
from turnup.domain.holds import Hold
from turnup.flow.approval import APPROVE, REJECT
from turnup.flow.job import Run
from turnup.orchestration.auditing import AuditApprovalOperator, AuditOperator, FixOperator
from turnup.orchestration.workplace import Workplace
from turnup.ports import Records
from turnup.reporting import audits
from turnup.web import store as store_module
from turnup.web.access import Reader
from turnup.web.app import application
from turnup.web.store import ReportStore

ROOT = Path(__file__).parents[3]


class FakeWorkplace(Workplace):
    """Where a run of the audit keeps its documents: a real store in a folder."""

    def __init__(self, run_id: str, store: Path) -> None:
        super().__init__(Run("fleet_audit", run_id, report=f"http://a/turnup/reports/fleet_audit.{run_id}"), "")
        self.__dict__.update({"records": RunRecords(str(store), "fleet_audit", run_id), "_store": store})

    def records_of(self, run: Run) -> Records:
        return RunRecords(str(self.__dict__["_store"]), run.dag_id, run.run_id)


@dataclass
class Task:
    """What an operator asks of its task instance."""

    xcoms: dict[str, Any] = field(default_factory=dict)
    try_number: int = 1
    max_tries: int = 0

    def xcom_pull(self, task_ids: str) -> Any:
        return self.xcoms.get(task_ids)


@dataclass
class DagRun:
    """The run, as a context has it."""

    triggering_user_name: str = "operator"


@dataclass
class Audits:
    """Runs of the DAG at a site."""

    store: Path
    site: Fixing = field(default_factory=Fixing)

    def run(self, run_id: str = "r1", approved: str | None = None, **params: Any) -> Audit:
        """The tasks of one run, one after the other; its report."""
        context = {"params": {"site": "", "checks": [], "fix": [], "ask": False, "undo": ""} | params, "dag_run": DagRun()}
        xcoms: dict[str, Any] = {"approval": approved}
        for kind in (AuditOperator, FixOperator):
            self.over(kind, run_id).execute({**context, "ti": Task(xcoms)})
        found = audits.read(FakeWorkplace(run_id, self.store).records)
        assert found is not None
        return found

    def over(self, kind: type, run_id: str) -> Any:
        outer = self

        class Operator(kind):  # type: ignore[misc]
            def workplace(self, context: Any) -> Workplace:
                return FakeWorkplace(run_id, outer.store)

            def sites(self, context: Any, place: Workplace, names: list[str] | None = None) -> list[Site]:
                return [outer.site.site] if names is None or "here" in names else []

            def former(self, place: Workplace) -> Audit | None:
                return audits.latest(str(outer.store), but=place.run.run_id)

        return Operator(task_id=kind.__name__.lower())

    def client(self, *dags: str) -> TestClient:
        class Someone(Reader):
            def __init__(self) -> None:
                """Logged in."""

            def may_read(self, dag_id: str) -> bool:
                return dag_id in dags

        app = application()
        app.dependency_overrides |= {store_module.store: lambda: ReportStore(str(self.store)), Reader: Someone}
        return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def runs(tmp_path: Path) -> Audits:
    return Audits(tmp_path)


def test_a_run_without_fix_reports_and_changes_nothing(runs: Audits) -> None:
    stranger(runs.site)
    found = runs.run()
    assert [(one.check, one.fix is not None) for one in found.findings] == [("reservation_without_device", True)]
    assert found.fixes == ()
    assert STRANGER in runs.site.dhcp.every_reservation()


def test_what_fix_names_is_fixed_and_the_rest_is_not(runs: Audits) -> None:
    stranger(runs.site)
    boot_file(runs.site)
    found = runs.run(fix=["boot_file_without_claim"])
    assert [(one.check, one.outcome) for one in found.fixes] == [("boot_file_without_claim", "done")]
    assert found.headline.endswith("Fixes: 1 done.")
    assert STRANGER in runs.site.dhcp.every_reservation()
    second = runs.run("r2", fix=["boot_file_without_claim"])
    assert [one.check for one in second.gone] == ["boot_file_without_claim"]
    assert second.fixes == ()


@pytest.mark.parametrize(("chosen", "fixed"), [(APPROVE, 2), (REJECT, 0), (None, 0)])
def test_what_a_person_approved_is_fixed(runs: Audits, chosen: str | None, fixed: int) -> None:
    stranger(runs.site)
    boot_file(runs.site)
    assert len(runs.run(ask=True, approved=chosen).fixes) == fixed


def test_an_answer_that_never_came_is_a_no_and_no_failure(runs: Audits) -> None:
    stranger(runs.site)
    runs.run()
    context = {"params": {"fix": []}, "dag_run": DagRun(), "ti": Task()}
    assert runs.over(AuditApprovalOperator, "r1").decide(context, {"error": "timeout"}) is None


def test_what_a_run_fixed_another_one_undoes_and_the_newest_audit_stays_the_newest(runs: Audits) -> None:
    boot_file(runs.site)
    before = dict(runs.site.boot_files.served)
    runs.run(fix=["boot_file_without_claim"])
    undone = runs.run("r2", undo="r1")
    assert [one.outcome for one in undone.fixes] == ["undone"]
    assert runs.site.boot_files.served == before
    newest = audits.latest(str(runs.store))
    assert newest is not None
    assert newest.run_id == "r1"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"checks": ["nonsense"]}, "has 'nonsense', which is no check"),
        ({"fix": ["bmc_health"]}, "offers no safe fix"),
        ({"undo": "r0"}, "names 'r0', which fixed nothing"),
    ],
)
def test_parameters_that_mean_nothing_are_refused_before_anything_is_looked_at(
    runs: Audits, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(AirflowFailException, match=words):
        runs.run(**params)
    assert runs.site.estates.calls == []


def test_under_a_hold_the_fix_is_left_and_said_so(runs: Audits) -> None:
    stranger(runs.site)
    runs.site.inventory.held.append(Hold("here", "cooling"))
    (left,) = runs.run(fix=["reservation_without_device"]).fixes
    assert (left.outcome, "cooling" in left.what) == ("left", True)


def test_a_fix_that_fails_fails_the_run_and_is_in_the_report(runs: Audits) -> None:
    stranger(runs.site)
    runs.site.dhcp.fail_next("release", Transient("Kea is away."))
    with pytest.raises(AirflowFailException, match="Kea is away"):
        runs.run(fix=["reservation_without_device"])
    found = audits.latest(str(runs.store))
    assert found is not None
    assert [one.outcome for one in found.fixes] == ["failed"]


def test_the_newest_audit_is_told_as_other_programs_expect_it(runs: Audits) -> None:
    assert runs.client("fleet_audit").get("/api/audits/latest").status_code == 404
    stranger(runs.site)
    runs.site.master.fail_next("keys", Transient("salt-api does not answer."))
    runs.run()
    found = runs.client("fleet_audit").get("/api/audits/latest").json()
    assert {"id", "finished_at", "findings", "not_checked"} <= found.keys()
    assert found["id"] == "fleet_audit.r1"
    one = next(one for one in found["findings"] if one["check"] == "reservation_without_device")
    assert {"check", "severity", "subject", "evidence", "advice"} <= one.keys()
    assert (one["subject"], one["state"]) == (STRANGER.mac, "new")
    assert "salt_silent" in found["not_checked"]
    assert "salt-api does not answer" in found["not_checked_because"]["salt_key_missing"]
    assert runs.client("another").get("/api/audits/latest").status_code == 403


def test_the_report_is_a_page_and_json_and_is_listed_with_the_others(runs: Audits) -> None:
    boot_file(runs.site)
    runs.site.netbox(runs.site.facts)
    runs.site.bmcs.shown.clear()
    runs.run(fix=["boot_file_without_claim"])
    pages = runs.client("fleet_audit")
    page = pages.get("/reports/fleet_audit.r1", headers={"accept": "text/html"})
    assert page.status_code == 200
    for words in ("boot_file_without_claim", "By site, rack and cause", "None of 4 BMCs answers", "Not checked", "To accept it"):
        assert words in page.text
    assert "<script" not in page.text
    told = json.loads(pages.get("/reports/fleet_audit.r1.json").content)
    assert told["format"] == "turnup-audit/1"
    assert told["fixes"][0]["outcome"] == "done"
    assert pages.get("/reports/fleet_audit.none").status_code == 404
    assert "Audit of here" in pages.get("/reports/", headers={"accept": "text/html"}).text
    assert runs.client("another").get("/reports/fleet_audit.r1").status_code == 403


def test_the_dag_runs_every_night_and_changes_nothing_by_default() -> None:
    dag = next(value for value in runpy.run_path(str(ROOT / "dags/fleet_audit.py")).values() if isinstance(value, DAG))
    assert dag.get_task("fix").upstream_task_ids == {"approval"}
    assert dag.get_task("approval").upstream_task_ids == {"audit"}
    assert str(dag.schedule) == "23 3 * * *"
    assert dag.params.dump() == {"site": "", "checks": [], "fix": [], "ask": False, "undo": ""}
    for task in dag.tasks:
        assert task.execution_timeout is not None or task.task_id == "approval"
