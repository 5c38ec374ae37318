"""Who may see what: Airflow's own login and permissions decide, also on turnup's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request

from turnup.orchestration import settings

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod


class Reader:
    """Whoever is logged in, and the DAGs whose runs Airflow lets them see."""

    def __init__(self, request: Request, user: GetUserDep) -> None:
        self._request = request
        self._user = user

    def may_read(self, dag_id: str) -> bool:
        """Whether Airflow shows this DAG's runs to them."""
        return self._may("GET", dag_id)

    def may_start(self, dag_id: str) -> bool:
        """Whether Airflow lets them start this DAG's runs."""
        return self._may("POST", dag_id)

    def may_clear(self, dag_id: str) -> bool:
        """Whether Airflow lets them clear this DAG's tasks."""
        return self._may("PUT", dag_id, DagAccessEntity.TASK_INSTANCE)

    @property
    def name(self) -> str:
        """Airflow's user name of them: under it their runs are started."""
        return self._user.get_name()

    def _may(self, method: ResourceMethod, dag_id: str, entity: DagAccessEntity = DagAccessEntity.RUN) -> bool:
        try:
            requires_access_dag(method, entity, dag_id)(self._request, self._user)
        except HTTPException:
            return False
        return True


LoggedIn = Annotated[Reader, Depends(Reader)]
"""A route's parameter of this type: 401 without a login."""


def reads_pages(request: Request) -> bool:
    """Whether a browser asks, for its person."""
    return "text/html" in request.headers.get("accept", "")


def login_url(request: Request) -> str:
    """Airflow's login, which leads back to what was asked for."""
    base, query = settings.base_url(), request.url.query
    wanted = f"{base}{request.url.path}" + (f"?{query}" if query else "")
    return f"{base}/api/v2/auth/login?next={quote(wanted, safe='')}"
