"""`/turnup/api/...`, POST: what the buttons of the Racks page do. Airflow's permissions hold, as for the same in its own pages.

Every order has to come from a page of ours (`forgery`), as JSON. Errors are `{"detail": text}`; nothing is half done.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Event
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from turnup.domain.errors import Refused, Transient
from turnup.domain.plain_text import plain
from turnup.flow import hold
from turnup.orchestration import settings
from turnup.orchestration.rehearsal import rehearse, standing
from turnup.ports import NewRun
from turnup.web import orders, plan_page
from turnup.web.access import LoggedIn, Reader
from turnup.web.bodies import sent
from turnup.web.clearing import Tasks
from turnup.web.forgery import check
from turnup.web.patience import InTurn
from turnup.web.stages import AtStage, Stages
from turnup.web.starting import AirflowRuns

ROUTER = APIRouter(prefix="/api", dependencies=[Depends(Reader), Depends(check)])

TOO_LATE = "Nobody waits for this any more: they were told that it takes too long. Nothing was started."

type Content = dict[str, Any]
AirflowsRuns = Annotated[AirflowRuns, Depends()]
AirflowsTasks = Annotated[Tasks, Depends()]


@ROUTER.post("/plans")
async def plans(
    reader: LoggedIn, order: Annotated[orders.PlanOrder, Depends(sent(orders.PlanOrder))], stages: AtStage, queue: InTurn
) -> Content:
    """The plan as the run would make it now, or everything that stands in its way. Nothing is touched."""
    await run_in_threadpool(_may_start, reader, order.dag_id)
    return await queue.answer(reader.name, partial(_planned, stages, order, reader.name))


@ROUTER.post("/runs")
async def runs(
    reader: LoggedIn,
    order: Annotated[orders.RunOrder, Depends(sent(orders.RunOrder))],
    stages: AtStage,
    queue: InTurn,
    airflow: AirflowsRuns,
) -> JSONResponse:
    """Start the run whose plan was shown: 201, or 200 where it is there already. 409 with the plan as it is by now."""
    await run_in_threadpool(_may_start, reader, order.dag_id)
    gave_up = Event()
    start = partial(_started, stages, airflow, order, reader.name, gave_up)
    return await queue.answer(reader.name, start, gave_up)


@ROUTER.post("/abort")
async def abort(
    reader: LoggedIn, order: Annotated[orders.AbortOrder, Depends(sent(orders.AbortOrder))], airflow: AirflowsRuns
) -> JSONResponse:
    """Start the run that undoes what the last one did to these servers."""
    await run_in_threadpool(_may_start, reader, orders.ABORT)
    return await run_in_threadpool(lambda: _created(airflow, _new(orders.ABORT, order.key, order.parameters, reader.name)))


@ROUTER.post("/resume")
async def resume(
    reader: LoggedIn,
    order: Annotated[orders.ResumeOrder, Depends(sent(orders.ResumeOrder))],
    tasks: AirflowsTasks,
    airflow: AirflowsRuns,
) -> Content:
    """Do a failed task again, and what follows it."""
    if not await run_in_threadpool(reader.may_clear, order.dag_id):
        raise HTTPException(403, f"Airflow does not let you clear tasks of {order.dag_id}.")
    paused = await run_in_threadpool(airflow.paused, order.dag_id)
    await run_in_threadpool(tasks.resume, order, reader.name)
    return _address(order.dag_id, order.run_id) | {"paused": paused}


def _may_start(reader: Reader, dag_id: str) -> None:
    if not reader.may_start(dag_id):
        raise HTTPException(403, f"Airflow does not let you start runs of {dag_id}.")


def _planned(stages: Stages, order: orders.PlanOrder, by: str) -> Content:
    params = order.parameters
    found = rehearse(stages(order.dag_id, order.site), params, by)
    return plan_page.content(found) | {"html": plan_page.html(found)}


def _started(stages: Stages, airflow: AirflowRuns, order: orders.RunOrder, by: str, gave_up: Event) -> JSONResponse:
    """The plan is made once more, so that nobody starts what they did not see; the run gets exactly the servers shown."""
    key, params = (order.dag_id, orders.run_id(order.key)), order.parameters
    if any(one.run_id == key[1] for one in airflow.started(*key)):
        return JSONResponse(_address(*key) | {"new": False})
    place = stages(order.dag_id, order.site)
    if not params["dry_run"]:
        hold.refuse(place.ports.inventory, order.site)
    sha256, servers = standing(place, params)
    if sha256 != order.plan_hash:
        what = "Things have changed since this plan was shown, and nothing was started. The plan above is as things are now."
        return JSONResponse({"detail": what, "plan": _planned(stages, order, by)}, 409)
    if not servers:  # to the run, no names would mean all that may be installed by then
        raise HTTPException(409, "There is nothing to do, and nothing was started.")
    if gave_up.is_set():
        raise Transient(TOO_LATE)
    return _created(airflow, _new(order.dag_id, order.key, {**params, "servers": list(servers)}, by))


def _new(dag_id: str, key: orders.Key, params: Mapping[str, Any], by: str) -> NewRun:
    return NewRun(dag_id, orders.run_id(key), params, by, f"{plain(by, 100)} started it on the Racks page.")


def _created(airflow: AirflowRuns, run: NewRun) -> JSONResponse:
    try:
        airflow.ready(run.dag_id)
        paused, new = airflow.paused(run.dag_id), airflow.create(run)
    except Refused as error:
        raise HTTPException(422, error.what) from None
    return JSONResponse(_address(run.dag_id, run.run_id) | {"new": new, "paused": paused}, 201 if new else 200)


def _address(dag_id: str, run_id: str) -> Content:
    """The run, and where a person sees it."""
    return {"dag_id": dag_id, "run_id": run_id, "url": settings.run_of(dag_id, run_id).url}
