"""How much of a site's error budget is used, as a worker can know it: from what runs left in the report store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from turnup.domain.error_budget import Allowance, Budget, Ending, budgets
from turnup.domain.errors import Refused
from turnup.domain.wishes import RUN
from turnup.flow.job import FlowLog
from turnup.orchestration import settings
from turnup.orchestration.workplace import Workplace

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol

MANUAL = "manual"
MARGIN = timedelta(days=2)
"""A run's folder may have been begun so long before its last server ended."""


def is_by_hand(dag_run: DagRunProtocol) -> bool:
    """Whether a person started the run, in Airflow or on the Racks page; not NetBox's webhook, the sweep or a clock."""
    kind = getattr(dag_run, "run_type", MANUAL)
    return str(getattr(kind, "value", kind)) == MANUAL and not dag_run.run_id.startswith(RUN)


def of(place: Workplace, allowance: Allowance, now: datetime, log: FlowLog) -> tuple[Budget, ...]:
    """The budgets of the run's site, without the run itself. Transient: the report store does not answer."""
    return budgets(place.site_name, _endings(place, now - timedelta(days=allowance.days) - MARGIN, now, log), allowance, now)


def _endings(place: Workplace, since: datetime, now: datetime, log: FlowLog) -> Iterator[Ending]:
    from turnup.adapters.report_store import stored_runs  # noqa: PLC0415 -- DAG files import this module
    from turnup.reporting import history  # noqa: PLC0415

    for stored in stored_runs(settings.report_store()):
        run = settings.run_of(stored.dag_id, stored.run_id)
        if stored.touched < since.timestamp() or stored.dag_id not in history.DAGS or run == place.run:
            continue
        try:
            yield from history.read(place.records_of(run), run, now.isoformat()).endings
        except (Refused, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("what %s did does not count: it cannot be read: %s", run.claim, error)
