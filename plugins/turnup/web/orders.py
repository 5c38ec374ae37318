"""What a person orders on the Racks page: shapes, and the parameters of the runs that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError
from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from turnup.domain.plain_text import plain
from turnup.orchestration.form import SLUG, abort_form, decommission_form, install_form

FORMS: Mapping[str, Callable[[], Mapping[str, Param]]] = {
    "server_install": install_form,
    "server_decommission": decommission_form,
    "server_abort": abort_form,
}
ABORT = "server_abort"

type Planned = Literal["server_install", "server_decommission"]
type Resumed = Literal["server_install", "server_decommission", "server_adopt"]
type Slug = Annotated[str, Field(pattern=SLUG)]
type Rack = Annotated[str, Field(min_length=1, max_length=100)]
type Name = Annotated[str, Field(min_length=1, max_length=64)]
type Names = Annotated[list[Name], Field(max_length=200)]
type Key = Annotated[str, Field(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
"""A UUID that the page makes when a form is opened: the button pressed twice, or an answer that got lost, is one run."""


class Order(BaseModel):
    """What all have: nothing beside the fields that are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlanOrder(Order):
    """Show what a run would do."""

    dag_id: Planned
    site: Slug
    rack: Rack
    servers: Names = []
    params: dict[str, str | bool] = {}

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the run, every one of the DAG's form. HTTPException 422: the form does not take them."""
        return filled_in(self.dag_id, self.params | {"site": self.site, "rack": self.rack, "servers": self.servers})


class RunOrder(PlanOrder):
    """Start the run whose plan was shown under this hash."""

    plan_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    key: Key


class ResumeOrder(Order):
    """Do a failed task again, and what follows it. `map_index` is -1 of a task that is the whole rack's."""

    dag_id: Resumed
    run_id: Annotated[str, Field(min_length=1, max_length=250)]
    task_id: Annotated[str, Field(pattern=SLUG)]
    map_index: Annotated[int, Field(ge=-1, le=100_000)]

    def __str__(self) -> str:
        return f"{self.task_id}[{self.map_index}]" if self.map_index >= 0 else self.task_id


class AbortOrder(Order):
    """Undo what the last run did to servers."""

    site: Slug
    servers: Names
    reason: str
    key: Key

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the run. HTTPException 422: the form does not take them."""
        return filled_in(ABORT, {"site": self.site, "servers": self.servers, "reason": self.reason})


def run_id(key: Key) -> str:
    """The id of the run that an order with this key starts."""
    return f"racks__{key}"


def filled_in(dag_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The DAG's parameters with the form's defaults. HTTPException 422: everything that the form does not take."""
    form, wrong = FORMS[dag_id](), []
    wrong += [f"{plain(name, 60)} is no parameter of {dag_id}." for name in given if name not in form]
    values = {}
    for name, param in form.items():
        try:
            values[name] = param.resolve(given[name]) if name in given else param.resolve()
        except ParamValidationError as error:
            wrong.append(f"{param.schema.get('title', name)}: {plain(str(error).splitlines()[0], 300)}.")
    if wrong:
        raise HTTPException(422, " ".join(wrong))
    return values
