"""Runs in Airflow's own database: created once, in the name of who wished them, with parameters that the DAG takes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select, update

from tests.unit.domain import worlds
from tests.unit.web.airflow_here import AirflowHere, airflow_here
from turnup.domain.errors import Refused, Transient
from turnup.domain.wishes import WISHES, Start
from turnup.ports import NewRun, Started
from turnup.web.runs import Runs
from turnup.web.starting import AirflowRuns

INSTALL = "server_install"
PARAMETERS = {"site": "here", "rack": "A", "servers": ["a1", "a2"], "dry_run": True}


@pytest.fixture(scope="module", autouse=True)
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHere]:
    with airflow_here(tmp_path_factory.mktemp("airflow"), "server_install.py", "server_decommission.py") as here:
        yield here


def run(run_id: str, **differs: object) -> NewRun:
    return replace(NewRun(INSTALL, run_id, PARAMETERS, "ann", "ann started it on the Racks page."), **differs)  # type: ignore[arg-type]


def kept(run_id: str, dag_id: str = INSTALL) -> DagRun:
    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).one()
        session.expunge_all()
    return found


def test_a_run_is_created_once_queued_and_in_the_name_of_who_ordered_it() -> None:
    runs = AirflowRuns()
    assert runs.create(run("one"))
    assert not runs.create(run("one"))
    found = kept("one")
    assert (found.state, found.triggering_user_name, found.conf) == ("queued", "ann", PARAMETERS)
    assert runs.started(INSTALL, "one") == (Started("one", ("a1", "a2")),)
    assert Runs().goes_on(INSTALL, "one")
    assert not Runs().goes_on(INSTALL, "none")


def test_of_many_orders_at_once_one_is_the_run() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: AirflowRuns().create(run("at-once")), range(4)))
    assert sorted(made) == [False, False, False, True]


@pytest.mark.parametrize(
    "parameters",
    [{"site": "here"}, PARAMETERS | {"approval": "waived"}, PARAMETERS | {"servers": "a1"}, PARAMETERS | {"site": "../here"}],
)
def test_what_the_dag_s_form_does_not_take_is_refused_and_creates_nothing(parameters: dict[str, object]) -> None:
    with pytest.raises(Refused, match="server_install does not take these parameters"):
        AirflowRuns().create(run("refused", parameters=parameters))
    assert AirflowRuns().started(INSTALL, "refused") == ()


def test_what_somebody_set_in_netbox_is_started_in_their_name_with_a_wipe_and_a_reason() -> None:
    start = Start(WISHES[1], "netbox__1", "here", "A", (worlds.server(1),), "nb-rob")
    assert AirflowRuns().start(start)
    assert not AirflowRuns().start(start)
    found = kept("netbox__1", "server_decommission")
    assert found.triggering_user_name == "nb-rob"
    assert found.conf == start.parameters


def test_runs_of_the_same_request_in_other_racks_are_found_with_the_first_and_no_others() -> None:
    for run_id in ("netbox__2_", "netbox__2___rack7", "netbox__23"):
        AirflowRuns().create(run(run_id))
    assert {one.run_id for one in AirflowRuns().started(INSTALL, "netbox__2_")} == {"netbox__2_", "netbox__2___rack7"}


def test_a_dag_that_is_not_there_or_cannot_be_read_is_not_ready() -> None:
    runs = AirflowRuns()
    runs.ready(INSTALL)
    with pytest.raises(Transient, match="has no DAG server_nothing now"):
        runs.ready("server_nothing")
    for column, said in (("has_import_errors", "cannot import the DAG"), ("is_stale", "has no DAG")):
        set_to(column, value=True)
        with pytest.raises(Transient, match=said):
            runs.ready(INSTALL)
        set_to(column, value=False)


def test_of_a_paused_dag_it_is_known() -> None:
    set_to("is_paused", value=False)
    assert not AirflowRuns().paused(INSTALL)
    set_to("is_paused", value=True)
    assert AirflowRuns().paused(INSTALL)


def set_to(column: str, *, value: bool) -> None:
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == INSTALL).values({column: value}))


def test_a_run_of_a_dag_that_airflow_does_not_know_is_not_created_and_says_so() -> None:
    with pytest.raises(Transient, match="Airflow cannot start a run now"):
        AirflowRuns().create(run("nowhere", dag_id="server_nothing"))
