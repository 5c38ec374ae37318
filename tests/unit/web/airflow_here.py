"""Airflow in this process: its own database (SQLite, empty), our DAGs in it, its own logins. No scheduler: nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow import settings
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.db import synchronize_log_template
from airflow.utils.session import create_session

from turnup.web import forgery

DAGS = Path(__file__).parents[3] / "dags"
BUNDLE = "dags-folder"
USER, VIEWER = "ann", "vic"


class AirflowHere:
    """What tests need of it."""

    def cookie(self, name: str, role: str) -> str:
        """A session of that person, as Airflow's login makes it."""
        return airflow_app.get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))

    def token(self, name: str, days_ago: int = 0) -> str:
        """What a page of ours holds for that person, or held so many days ago."""
        return forgery.token(name, datetime.now(UTC) - timedelta(days=days_ago))


@contextmanager
def airflow_here(folder: Path, *files: str) -> Iterator[AirflowHere]:
    """Airflow with the DAGs of these files, until the context ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{folder / 'airflow.db'}")
        patch.setenv("AIRFLOW__API__SECRET_KEY", "of these tests alone")
        patch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example")
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "of these tests alone, " * 4)
        patch.setattr(airflow_app._AuthManagerState, "instance", None)
        _connect()
        import_all_models()  # type: ignore[no-untyped-call]
        Base.metadata.create_all(settings.engine)
        synchronize_log_template()
        airflow_app.create_auth_manager()
        with create_session() as session:
            session.add(DagBundleModel(name=BUNDLE))
        for file in files:
            bag = DagBag(DAGS / file, bundle_path=DAGS, bundle_name=BUNDLE, load_op_links=False)
            sync_bag_to_db(bag, BUNDLE, None)
        yield AirflowHere()
        settings.dispose_orm()
    _connect()


def _connect() -> None:
    """To the database that the configuration names by now."""
    settings.configure_vars()  # type: ignore[no-untyped-call]
    settings.configure_orm()  # type: ignore[no-untyped-call]
