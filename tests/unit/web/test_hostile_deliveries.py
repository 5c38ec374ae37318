"""Hundreds of hostile deliveries over HTTP: each is answered as it should be, none of them is a run, none is logged unchecked."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.hostile_deliveries import Generator
from tests.unit.domain.test_webhooks import payload
from tests.unit.orchestration.netbox_people import People
from turnup.domain.webhooks import written
from turnup.orchestration.hooks.turnup_webhooks import Door
from turnup.web import desk as desk_module
from turnup.web.app import application
from turnup.web.deliveries import COUNTS, Desk

SECRET, OLD = "correct-horse-battery-staple", "the-one-before-it-was-changed"
SEED, NUMBER = 5, 300


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def client(people: People) -> Iterator[TestClient]:
    desk = Desk(lambda: Door("", (SECRET, OLD), "netbox_default"), lambda _, delivery: people.delivered(delivery))
    app = application()
    app.dependency_overrides[desk_module.desk] = lambda: desk
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def kept(people: People) -> list[bytes]:
    """Wishes that were delivered to nobody, and taken back."""
    wishes = [*people.saved("staged", 1, 2), *people.saved("decommissioning", 3)]
    people.saved("planned", 1, 2)
    people.saved("active", 3)
    return [json.dumps(payload() | written(wish, "test")).encode() for wish in wishes]


def test_each_is_answered_as_it_should_be_and_none_is_a_run(
    client: TestClient, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "turnup.webhooks")
    before, kinds = COUNTS.total(), Counter[str]()
    for hostile in Generator(SEED, SECRET, kept(people)).some(NUMBER):
        answer = client.post("/webhooks/netbox", content=hostile.body, headers=hostile.headers)
        assert answer.status_code in hostile.right, (hostile.kind, hostile.body[:300], answer.status_code, answer.text)
        assert SECRET not in answer.text
        kinds[hostile.kind] += 1
    assert people.runs.runs == {}
    assert "write" not in people.inventory.calls
    assert len(kinds) == 13, kinds
    assert COUNTS.total() - before == NUMBER
    lines = [record.getMessage() for record in caplog.records if record.name == "turnup.webhooks"]
    assert len(lines) == NUMBER, "one line each"
    assert all(line.isprintable() and SECRET not in line and OLD not in line for line in lines)


def test_the_same_seed_makes_the_same_deliveries() -> None:
    assert list(Generator(SEED, SECRET).some(150)) == list(Generator(SEED, SECRET).some(150))
    assert list(Generator(SEED, SECRET).some(150)) != list(Generator(SEED + 1, SECRET).some(150))
