"""Airflow's API server shows turnup's connection types and tests them, against the lab's services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pynetbox
import pytest
import requests

from lab.airflow_api import AirflowApi
from tests.contract.processes import free_port
from tests.contract.test_bmc import OTHER_PASSWORD, PASSWORD, serve
from turnup.orchestration.hooks import HOOKS
from turnup.orchestration.hooks.kind import STANDARD

TYPES = [
    "haproxy",
    "kea",
    "netbox",
    "redfish",
    "salt_api",
    "turnup_boot_folder",
    "turnup_signing",
    "turnup_ssh",
    "turnup_chat",
    "turnup_webhooks",
]
WRONG = "not-the-password"


@pytest.fixture(scope="module")
def airflow(endpoints: Mapping[str, Any]) -> AirflowApi:
    assert endpoints["airflow"]["url"]
    return AirflowApi("admin")


@pytest.fixture(scope="module")
def connections(airflow: AirflowApi) -> Mapping[str, Mapping[str, Any]]:
    """{type: the lab's connection}, with its secrets masked."""
    return {one["conn_type"]: one for one in airflow.connections()}


@pytest.mark.parametrize("conn_type", TYPES)
def test_the_form_is_there_with_every_field(airflow: AirflowApi, conn_type: str) -> None:
    form, fields = airflow.connection_types()[conn_type], HOOKS[conn_type].fields
    assert form["hook_name"] == HOOKS[conn_type].hook_name
    extras = {field.name: field.label for field in fields if field.name not in STANDARD}
    assert {name: extra["schema"]["title"] for name, extra in (form["extra_fields"] or {}).items()} == extras


@pytest.mark.parametrize("conn_type", TYPES)
def test_the_lab_s_connection_passes_its_test_and_its_secrets_stay_masked(
    airflow: AirflowApi, connections: Mapping[str, Mapping[str, Any]], conn_type: str
) -> None:
    stored = connections[conn_type]
    secrets = [field.name for field in HOOKS[conn_type].fields if field.secret]
    shown = {**stored, **json.loads(stored["extra"] or "{}")}
    assert [shown[name] for name in secrets] == ["***"] * len(secrets)
    as_the_ui_sends_it = {name: value for name, value in stored.items() if name != "team_name"}
    ok, message = airflow.test_connection(**as_the_ui_sends_it | {"port": int(stored["port"] or 0)})
    assert ok, message


@pytest.mark.parametrize(
    ("conn_type", "what"),
    [
        ("netbox", "NetBox does not allow"),
        ("salt_api", "refused the login of turnup"),
        ("kea", "hosts database failed.*password authentication failed"),
    ],
)
def test_a_wrong_password_is_told_in_plain_words(
    airflow: AirflowApi, connections: Mapping[str, Mapping[str, Any]], conn_type: str, what: str
) -> None:
    assert_told(airflow, connections[conn_type], {"password": WRONG}, what)


def test_a_wrong_password_of_kea_s_control_agent_is_told_apart(
    airflow: AirflowApi, connections: Mapping[str, Mapping[str, Any]]
) -> None:
    extra = json.loads(connections["kea"]["extra"]) | {"control_password": WRONG}
    assert_told(airflow, connections["kea"], {"extra": json.dumps(extra)}, "control agent.*refuses the login turnup")


def test_a_token_that_may_only_read_is_told_so(
    airflow: AirflowApi, connections: Mapping[str, Mapping[str, Any]], read_only_token: str
) -> None:
    assert_told(airflow, connections["netbox"], {"password": read_only_token}, "may not change devices, change racks")


def test_a_bmc_gets_the_password_once_its_certificate_is_known(airflow: AirflowApi, tmp_path: Path) -> None:
    port = free_port()
    service, fingerprint = serve(tmp_path, "bmc", port)

    def tested(password: str, **extra: str) -> tuple[bool, str]:
        fields = {"login": "admin", "password": password, "port": port, "extra": json.dumps(extra)}
        return airflow.test_connection(connection_id="contract_redfish", conn_type="redfish", **fields)

    with service:
        ok, message = tested(PASSWORD, test_address="127.0.0.1")
        assert not ok
        assert f"shows the certificate {fingerprint}. The login was not tried" in message
        ok, message = tested(PASSWORD, test_address="127.0.0.1", test_certificate=fingerprint)
        assert ok, message
        assert "lets admin in" in message
        ok, message = tested(OTHER_PASSWORD, test_address="127.0.0.1", test_certificate=fingerprint)
        assert (ok, "refuses the login admin" in message, OTHER_PASSWORD in message) == (False, True, False)
        assert not tested(PASSWORD, test_address="127.0.0.1", test_certificate="cd" * 32)[0]


@pytest.fixture
def read_only_token(endpoints: Mapping[str, Any]) -> Iterator[str]:
    netbox = pynetbox.api(endpoints["netbox"]["url"], token=endpoints["netbox"]["token"])
    netbox.http_session = requests.Session()
    netbox.http_session.trust_env = False
    owner = netbox.users.users.get(username="turnup")
    token = netbox.users.tokens.create(user=owner.id, version=2, write_enabled=False, description="contract test")
    yield f"nbt_{token.key}.{token.token}"
    token.delete()


def assert_told(airflow: AirflowApi, stored: Mapping[str, Any], changed: Mapping[str, Any], what: str) -> None:
    """The test of the changed connection fails with these words and a next step, and repeats no secret."""
    ok, message = airflow.test_connection(connection_id=stored["connection_id"], conn_type=stored["conn_type"], **changed)
    assert not ok
    assert re.search(what, message), message
    assert "Next: " in message
    assert WRONG not in message
    assert changed.get("password", WRONG) not in message
