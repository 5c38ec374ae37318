"""The one file of turnup that Airflow loads as a plugin: its pages, and the link from a task to its run's report.

Every process of Airflow loads it, each task's worker among them, so it imports next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow.sdk.bases.operatorlink import BaseOperatorLink
from airflow.sdk.plugins_manager import AirflowPlugin

from turnup.web.door import MOUNT, door

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


RACKS = MOUNT.removeprefix("/")
"""Relative to Airflow's own address, which may have a path of its own."""


class ReportLink(BaseOperatorLink):
    """Leads from a task to its run's report."""

    @property
    def name(self) -> str:
        """The text of the button."""
        return "Report"

    @property
    def operators(self) -> list[type[BaseOperator]]:  # type: ignore[override]
        """Every operator of turnup's DAGs."""
        import turnup.orchestration.rendering  # noqa: F401, PLC0415 -- it imports every operator; see above
        from turnup.orchestration.operators import AtWork  # noqa: PLC0415

        return list(_below(AtWork))

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 -- as Airflow calls it
        """The report's address."""
        from turnup.orchestration.settings import run_of  # noqa: PLC0415 -- see above

        return run_of(ti_key.dag_id, ti_key.run_id).report


def _below(kind: type[BaseOperator]) -> Iterator[type[BaseOperator]]:
    """Every class made of this one."""
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


class TurnupPlugin(AirflowPlugin):
    """What Airflow finds."""

    name = "turnup"
    fastapi_apps = [{"app": door, "url_prefix": MOUNT, "name": "turnup"}]  # noqa: RUF012 -- as Airflow declares them
    external_views = [  # noqa: RUF012
        {
            "name": "Racks",
            "href": f"{RACKS}/",
            "destination": "nav",
            "url_route": "racks",
            "nav_top_level": True,
            "icon": f"{RACKS}/static/racks.svg",
            "icon_dark_mode": f"{RACKS}/static/racks-dark.svg",
        }
    ]
    operator_extra_links = [ReportLink()]  # noqa: RUF012
