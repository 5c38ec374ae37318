"""The endpoint that NetBox delivers to, over HTTP: what is not signed is not read; every delivery is answered, and told once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Semaphore
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.unit.domain.test_webhooks import payload
from tests.unit.orchestration.netbox_people import People
from turnup.domain.errors import Refused, Transient
from turnup.domain.webhooks import LONGEST, SIGNATURE, Delivery, Ignored, signature, written
from turnup.orchestration.granting import Granted
from turnup.orchestration.hooks.turnup_webhooks import Door
from turnup.web import desk as desk_module
from turnup.web.app import application
from turnup.web.deliveries import COUNTS, FRESH, THREADS, Desk

SECRET, OLD = "s" * 32, "o" * 32
PATH = "/webhooks/netbox"


class Office:
    """The endpoint over fakes. A test may change `door`, or what the desk's clock says."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.people = People()
        self.door: Door | Exception = Door("https://airflow.example/turnup/webhooks/netbox", (SECRET, OLD), "netbox_default")
        self.looks = 0
        self.now = 0.0
        self.desk = Desk(self.opened, lambda _, delivery: self.people.delivered(delivery), lambda: self.now)

    def opened(self) -> Door:
        self.looks += 1
        if isinstance(self.door, Exception):
            raise self.door
        return self.door

    def post(self, body: bytes, secret: str = SECRET, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {"content-type": "application/json", SIGNATURE: signature(body, secret), **headers}
        answer = self.client.post(PATH, content=body, headers=sent)
        return answer.status_code, answer.json()

    def deliver(self, delivery: Delivery, secret: str = SECRET) -> tuple[int, dict[str, Any]]:
        return self.post(json.dumps(payload() | written(delivery, "test")).encode(), secret)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application()


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def office(app: FastAPI, client: TestClient) -> Office:
    made = Office(client)
    app.dependency_overrides[desk_module.desk] = lambda: made.desk
    return made


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_a_signed_wish_is_answered_with_the_run(office: Office, secret: str) -> None:
    (delivery,) = office.people.saved("staged", 1)
    status, answer = office.deliver(delivery, secret)
    assert (status, answer["status"], answer["run_id"]) == (202, "accepted", f"netbox__{delivery.request_id}")
    assert (answer["dag_id"], answer["servers"]) == ("server_install", ["a1"])
    assert office.deliver(delivery, secret)[1]["run_id"] == answer["run_id"]
    assert len(office.people.runs.runs) == 1


def test_what_is_not_to_be_done_is_answered_with_the_reason(office: Office) -> None:
    (delivery,) = office.people.saved("active", 1)
    status, answer = office.deliver(delivery)
    assert (status, answer["status"], answer["reason"]) == (200, "ignored", "no-wish")
    assert "a1 went from planned to active" in answer["detail"]


@pytest.mark.parametrize(
    "headers", [{SIGNATURE: ""}, {SIGNATURE: "0" * 128}, {SIGNATURE: signature(b"{}", "x" * 32)}, {SIGNATURE: "sha512=00"}]
)
@pytest.mark.parametrize("body", [b"{}", b"[" * 100_000, b"\x00\xff", json.dumps(payload()).encode()])
def test_whatever_is_wrong_with_a_signature_the_answer_is_the_same(office: Office, headers: dict[str, str], body: bytes) -> None:
    status, answer = office.post(body, **headers)
    expected = {"status": "refused", "reason": "signature", "detail": "The signature is missing or wrong."}
    assert (status, answer) == (401, expected)
    missing = office.client.post(PATH, content=body, headers={"content-type": "application/json"})
    assert (missing.status_code, missing.json()) == (401, expected)


def test_a_signature_of_another_body_or_of_another_secret_is_wrong(office: Office) -> None:
    (delivery,) = office.people.saved("staged", 1)
    body = json.dumps(written(delivery, "test")).encode()
    assert office.post(body, "another secret of somebody")[0] == 401
    assert office.post(body, **{SIGNATURE: signature(body + b" ", SECRET)})[0] == 401
    assert office.client.post(PATH, content=body, headers={SIGNATURE: "é".encode()}).status_code == 401
    assert office.people.runs.runs == {}


def test_a_body_that_is_too_long_is_refused_whoever_signed_it(office: Office) -> None:
    assert office.post(b" " * (LONGEST + 1))[0] == 413
    chunked = office.client.post(PATH, content=iter([b" " * LONGEST, b" "]), headers={"content-type": "application/json"})
    assert chunked.status_code == 413
    assert office.post(b"{" + b" " * (LONGEST - 2) + b"}")[0] == 422


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_signed_body_of_another_kind_makes_no_sense(office: Office, content_type: str) -> None:
    status, answer = office.post(json.dumps(payload()).encode(), **{"content-type": content_type})
    assert (status, answer["reason"]) == (422, "content-type")
    assert office.post(json.dumps(payload()).encode(), **{"content-type": "application/json; charset=utf-8"})[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 200_000, b'{"event": "updated", "object_type": "dcim.device"}'])
def test_a_signed_body_that_makes_no_sense_is_refused_with_the_reason(office: Office, body: bytes) -> None:
    status, answer = office.post(body)
    assert (status, answer["reason"]) == (422, "senseless")
    assert answer["detail"].startswith("The body makes no sense: ")


def test_an_unknown_model_starts_nothing(office: Office) -> None:
    status, answer = office.post(json.dumps(payload(object_type="dcim.rack")).encode())
    assert (status, answer["reason"]) == (200, "no-status")


@pytest.mark.parametrize("port", ["changes", "runs"])
def test_while_a_service_is_away_the_answer_asks_to_try_again_and_tells_no_details(office: Office, port: str) -> None:
    (delivery,) = office.people.saved("staged", 1)
    fake = {"changes": office.people.changes, "runs": office.people.runs}[port]
    fake.fail_next({"changes": "of_request", "runs": "start"}[port], Transient("NetBox at http://10.0.0.1 is away."))
    status, answer = office.deliver(delivery)
    assert (status, answer["reason"]) == (503, "unavailable")
    assert "10.0.0.1" not in json.dumps(answer)
    assert office.deliver(delivery)[0] == 202


def test_a_defect_is_an_answer_too_and_its_text_stays_here(office: Office) -> None:
    (delivery,) = office.people.saved("staged", 1)
    office.people.changes.fail_next("placed", ValueError("something about a secret"))
    status, answer = office.deliver(delivery)
    assert (status, answer["reason"]) == (503, "defect")
    assert "secret" not in json.dumps(answer)


def test_without_a_connection_nothing_is_taken(office: Office) -> None:
    office.door = Refused("There is no Airflow connection.", cause="connection-missing")
    status, answer = office.post(b"{}")
    assert (status, answer["reason"]) == (503, "not-now")


def test_the_connection_is_read_once_in_some_seconds_and_a_changed_secret_counts_then(office: Office) -> None:
    (delivery,) = office.people.saved("staged", 1)
    for _ in range(5):
        assert office.deliver(delivery, "n" * 32)[0] == 401
    assert office.looks == 1
    office.door = Door("", ("n" * 32, SECRET), "netbox_default")
    office.now = FRESH
    assert office.deliver(delivery, "n" * 32)[0] == 202
    assert office.deliver(delivery, OLD)[0] == 401
    assert office.looks == 2


def test_while_every_thread_is_at_work_what_is_not_signed_is_answered_at_once(office: Office) -> None:
    (delivery,) = office.people.saved("staged", 1)
    assert office.post(b"{}", "x" * 32)[0] == 401
    at_work, go_on = Semaphore(0), Event()

    def slowly(_: Door, one: Delivery) -> Granted | Ignored:
        at_work.release()
        go_on.wait(20)
        return office.people.delivered(one)

    office.desk = Desk(office.opened, slowly, lambda: office.now)
    assert office.post(b"{}", "x" * 32)[0] == 401, "the door is known"
    with ThreadPoolExecutor(THREADS) as pool:
        requests = [replace(delivery, request_id=str(uuid4())) for _ in range(THREADS)]
        waiting = [pool.submit(office.deliver, one) for one in requests]
        for _ in requests:
            assert at_work.acquire(timeout=20)
        assert office.post(b"{}", "x" * 32)[0] == 401
        assert not any(one.done() for one in waiting)
        go_on.set()
    assert {one.result()[1]["reason"] for one in waiting} == {"unknown-request"}


def test_every_delivery_is_one_line_in_the_log_and_one_in_the_counts_and_no_line_has_a_secret(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "turnup.webhooks")
    (delivery,) = office.people.saved("staged", 1, user="somebody\nelse")
    before = COUNTS.total()
    office.deliver(delivery)
    office.deliver(delivery, "wrong" * 8)
    office.post(b"{")
    office.post(json.dumps(payload(event="created")).encode())
    lines = [record.getMessage() for record in caplog.records if record.name == "turnup.webhooks"]
    assert [line.split(": ")[0] for line in lines] == [
        "webhook from testclient accepted (new)",
        "webhook from testclient refused (signature)",
        "webhook from testclient refused (senseless)",
        "webhook from testclient ignored (no-status)",
    ]
    assert f"request {delivery.request_id} of somebody else: server_install/netbox__" in lines[0]
    assert all("\n" not in line and SECRET not in line and OLD not in line for line in lines)
    assert COUNTS.total() - before == 4


def test_of_a_hundred_deliveries_at_once_the_last_wish_alone_is_a_run(office: Office) -> None:
    wishes = []
    for _ in range(20):
        office.people.saved("planned", 1, 2)
        wishes.append(office.people.saved("staged", 1, 2))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(office.deliver, [one for wish in wishes for one in (*wish, *wish, wish[0])]))
    assert [start.run_id for start in office.people.runs.runs.values()] == [f"netbox__{wishes[-1][0].request_id}"]
    assert sorted(answer["reason"] for _, answer in answers) == ["known"] * 4 + ["moved-on"] * 95 + ["new"]


def test_a_login_is_not_asked_for_and_only_post_is_answered(office: Office) -> None:
    assert office.client.get(PATH).status_code == 405
    assert office.client.put(PATH, content=b"{}").status_code == 405
