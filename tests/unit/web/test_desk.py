"""The desk as an API server has it: Airflow's connections and its database, policy files, and a NetBox that a test scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from tests.unit.domain.test_webhooks import payload
from tests.unit.web.airflow_here import airflow_here
from turnup.domain.webhooks import SIGNATURE, Delivery, signature, written
from turnup.web import desk
from turnup.web.app import application

SECRET = "s" * 32
INVENTORY = Path(__file__).parents[3] / "inventory"


class NetBox:
    """A rack in which somebody set the device a7 (id 7) to `staged` just now."""

    def __init__(self, server: Server) -> None:
        self.request_id = str(uuid4())
        self.user, self.own_user, self.role = "engineer", "turnup", "edge"
        self.at = datetime.now(UTC).isoformat()
        self.server = server
        self.away = False
        server.answer = self.answer

    def answer(self, asked: Asked) -> Answer:
        if self.away:
            return Answer({"detail": "gone fishing"}, 503)
        if asked.path == "/api/authentication-check/":
            return Answer({"username": self.own_user})
        row = {"/api/core/object-changes/": self.change, "/api/dcim/devices/": self.device}[asked.path]()
        return Answer({"count": 1, "next": None, "previous": None, "results": [row]})

    def change(self) -> dict[str, Any]:
        return {
            "id": 41,
            "time": self.at,
            "user_name": self.user,
            "request_id": self.request_id,
            "changed_object_id": 7,
            "object_repr": "a7",
            "prechange_data": {"name": "a7", "status": "planned", "rack": 3},
            "postchange_data": {"name": "a7", "status": "staged", "rack": 3},
        }

    def device(self) -> dict[str, Any]:
        nothing = dict.fromkeys(("asset_tag", "tenant", "primary_ip4", "primary_ip6", "oob_ip", "position"))
        known = {"id": 7, "name": "a7", "serial": "S7", "last_updated": self.at, "custom_fields": {}, "tags": []}
        named = {"role": {"slug": self.role}, "device_type": {"slug": "type-1"}, "status": {"value": "staged"}}
        return nothing | known | named | {"site": {"slug": "lab1"}, "rack": {"id": 3, "name": "R1"}}

    def delivery(self) -> bytes:
        found = Delivery(self.request_id, self.user, 7, "a7", "planned", "staged")
        return json.dumps(payload() | written(found, "test")).encode()

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.server.asked]


@pytest.fixture(scope="module", autouse=True)
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with airflow_here(tmp_path_factory.mktemp("airflow"), "server_install.py"):
        yield


@pytest.fixture
def netbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[NetBox]:
    server = Server()
    connections = {
        "TURNUP_WEBHOOKS_DEFAULT": {"conn_type": "turnup_webhooks", "host": "http://airflow.example", "password": SECRET},
        "NETBOX_DEFAULT": {"conn_type": "netbox", "host": server.url, "password": "a token"},
    }
    for name, fields in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(fields))
    monkeypatch.setenv("AIRFLOW__TURNUP__INVENTORY", str(INVENTORY))
    desk.desk.cache_clear()
    desk._own_user.cache_clear()
    yield NetBox(server)
    server.close()


def deliver(body: bytes, secret: str = SECRET) -> tuple[int, dict[str, Any]]:
    headers = {"content-type": "application/json", SIGNATURE: signature(body, secret)}
    answer = TestClient(application()).post("/webhooks/netbox", content=body, headers=headers)
    return answer.status_code, answer.json()


def runs() -> dict[str, DagRun]:
    with create_session() as session:
        found = {run.run_id: run for run in session.scalars(select(DagRun)).all()}
        session.expunge_all()
    return found


def test_a_delivery_becomes_a_run_in_airflow_s_database_in_the_name_of_who_saved_it(netbox: NetBox) -> None:
    status, answer = deliver(netbox.delivery())
    assert (status, answer["reason"]) == (202, "new"), answer
    run = runs()[f"netbox__{netbox.request_id}"]
    assert (run.dag_id, run.state, run.triggering_user_name) == ("server_install", "queued", "engineer")
    assert run.conf == {"site": "lab1", "rack": "R1", "servers": ["a7"]}
    assert netbox.server.asked[0].headers["authorization"].endswith("a token")


def test_the_same_delivery_again_asks_netbox_nothing_but_who_we_are(netbox: NetBox) -> None:
    deliver(netbox.delivery())
    asked = len(netbox.paths)
    assert deliver(netbox.delivery())[1]["reason"] == "known"
    assert set(netbox.paths[asked:]) <= {"/api/authentication-check/"}


def test_who_we_are_is_asked_for_once(netbox: NetBox) -> None:
    for _ in range(3):
        deliver(netbox.delivery())
    assert netbox.paths.count("/api/authentication-check/") == 1


def test_what_we_wrote_ourselves_starts_nothing(netbox: NetBox) -> None:
    netbox.user = netbox.own_user
    assert deliver(netbox.delivery())[1]["reason"] == "own-write"
    assert f"netbox__{netbox.request_id}" not in runs()


def test_the_site_s_policy_says_whose_servers_are_ours(netbox: NetBox) -> None:
    netbox.role = "switch"
    assert deliver(netbox.delivery())[1]["reason"] == "not-ours"
    assert desk.site_of("nowhere") is None


def test_while_netbox_is_away_it_is_to_be_sent_again_and_then_it_starts(netbox: NetBox) -> None:
    netbox.away = True
    status, answer = deliver(netbox.delivery())
    assert (status, answer["reason"]) == (503, "unavailable")
    assert "fishing" not in json.dumps(answer)
    netbox.away = False
    assert deliver(netbox.delivery())[0] == 202


def test_without_the_connection_s_secret_nobody_is_asked_anything(netbox: NetBox) -> None:
    assert deliver(netbox.delivery(), "another secret, and long enough")[0] == 401
    assert netbox.paths == []


def test_without_the_connection_nothing_is_taken(netbox: NetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_TURNUP_WEBHOOKS_DEFAULT")
    status, answer = deliver(netbox.delivery())
    assert (status, answer["reason"]) == (503, "not-now")
    assert netbox.paths == []
