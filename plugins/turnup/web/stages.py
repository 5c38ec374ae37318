"""Where plans are rehearsed, as a dependency of routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from turnup.orchestration.rehearsal import stage
from turnup.orchestration.workplace import Workplace

type Stages = Callable[[str, str], Workplace]
"""The stage of a DAG at a site (slug)."""


def stages() -> Stages:
    """Over Airflow's connections."""
    return stage


AtStage = Annotated[Stages, Depends(stages)]
"""A route's parameter of this type makes stages."""
