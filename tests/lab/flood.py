"""Hostile deliveries over HTTP to the lab's endpoint, and what has to be so after them: nothing, but a line in the log each."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from threading import local
from urllib.parse import urlsplit

import requests

from lab import paths
from lab.datacenter import GUESTS
from lab.secrets import secret
from tests.hostile_deliveries import Generator, Hostile
from tests.lab.conftest import Lab
from tests.lab.engineer import Engineer, Heard, session, wish
from turnup.domain.webhooks import written

DAGS = ("server_install", "server_decommission")
THREADS, AT_ONCE, CUT_OFF = 8, 200, 20  # so many are in memory at once
GUEST = GUESTS[0].name  # whose wishes start nothing, whatever happens


def assert_harmless(lab: Lab, seed: int, number: int, within: float) -> Counter[tuple[str, int]]:
    """Sends so many hostile deliveries. Each is answered as it should be; answers how many of which kind got which status."""
    heard, runs = Heard(), _runs(lab)
    kept = _kept(lab, heard)
    changes, told = lab.changes(), len(heard.lines())
    counts: Counter[tuple[str, int]] = Counter()
    for hostile, answer in _sent(lab, Generator(seed, lab.endpoints["webhook"]["secret"], kept).some(number)):
        assert answer.status_code in hostile.right, (hostile.kind, answer.status_code, answer.text, hostile.body[:500])
        assert not [one for one in _secrets() if one in answer.text]
        counts[hostile.kind, answer.status_code] += 1
    for _ in range(CUT_OFF):
        assert _cut_off(lab)[:10] in {b"", b"HTTP/1.1 4"}
    lab.until(lambda: len(heard.lines()) >= told + number + CUT_OFF, "a line in the log for each", within)
    assert len(heard.lines()) == told + number + CUT_OFF
    assert len(heard.lines("refused (cut-off)")) == CUT_OFF
    assert lab.changes() == changes
    assert _runs(lab) == runs
    assert_no_secret_in_logs()
    return counts


def assert_no_secret_in_logs() -> None:
    """In no log of the lab is a secret of the webhook."""
    for path in paths.LOG.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            assert not [one for one in _secrets() if one in text], path


def _secrets() -> tuple[str, str]:
    return secret("netbox_webhook"), secret("netbox_webhook_previous")


def _runs(lab: Lab) -> set[str]:
    return {str(run["dag_run_id"]) for dag in DAGS for run in lab.airflow.runs_from(dag, "netbox__")}


def _kept(lab: Lab, heard: Heard) -> list[bytes]:
    """What NetBox delivered of a device that is not turnup's, and that was set back since."""
    engineer = Engineer(lab)
    request = engineer.sets("staged", GUEST)
    lab.until(lambda: heard.lines(request), "NetBox to deliver")
    engineer.sets("planned", GUEST)
    return [json.dumps(written(wish(engineer, request, GUEST), "a test")).encode()]


def _sent(lab: Lab, deliveries: Iterable[Hostile]) -> Iterator[tuple[Hostile, requests.Response]]:
    """Each with its answer."""
    url, own = lab.endpoints["webhook"]["url"], local()

    def send(hostile: Hostile) -> tuple[Hostile, requests.Response]:
        if not hasattr(own, "session"):
            own.session = session()
        return hostile, own.session.post(url, hostile.body, headers=hostile.headers, timeout=120)

    with ThreadPoolExecutor(THREADS) as pool:
        for some in batched(deliveries, AT_ONCE):
            yield from pool.map(send, some)


def _cut_off(lab: Lab) -> bytes:
    """What the endpoint answers to a body whose end does not come."""
    url = urlsplit(lab.endpoints["webhook"]["url"])
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection((str(url.hostname), int(url.port or 80)), timeout=30) as connection:
        connection.sendall(head.encode() + b'{"event":')
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(100)
