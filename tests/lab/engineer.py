"""A person at the lab's NetBox, and what NetBox delivers of what they save: by NetBox itself, or by hand, signed alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from lab import paths
from lab.datacenter import SITE
from tests.lab.conftest import Lab
from turnup.adapters.netbox.client import Client
from turnup.domain.webhooks import SIGNATURE, Delivery, signature, written

RULES = ("turnup_install", "turnup_decommission")
WHO = "engineer"
LOG = paths.LOG / "airflow-api-server.log"


class Engineer:
    """Logged in with the engineer's own password, at NetBox's pages and at its API."""

    def __init__(self, lab: Lab) -> None:
        here = lab.endpoints["netbox"]
        self._url = here["url"]
        self._client = Client(here["url"], here["token"], timeout=120)
        self.ids: dict[str, int] = {}
        self.look()
        self._api, self._pages = session(), session()
        login = {"username": here["engineer_username"], "password": here["engineer_password"]}
        made = self._api.post(f"{self._url}/api/users/tokens/provision/", json=login, timeout=30)
        made.raise_for_status()
        self._api.headers["Authorization"] = f"Bearer nbt_{made.json()['key']}.{made.json()['token']}"
        self._pages.get(f"{self._url}/login/", timeout=30).raise_for_status()
        assert self._post("/login/", **login) is not None

    def look(self) -> None:
        """Which devices there are at the site."""
        self.ids = {row["name"]: row["id"] for row in self._client.rows("dcim/devices", site=SITE, fields="id,name")}

    def sets(self, status: str, *names: str) -> str:
        """Sets the status of these devices in one request to the API; answers the request's id."""
        rows = [{"id": self.ids[name], "status": status} for name in names]
        answer = self._api.patch(f"{self._url}/api/dcim/devices/", json=rows, timeout=120)
        assert answer.ok, answer.text
        return str(answer.headers["X-Request-ID"])

    def edits(self, status: str, *names: str) -> str:
        """The same by the bulk edit of NetBox's pages."""
        return self._post("/dcim/devices/edit/", pk=[self.ids[name] for name in names], status=status, _apply="1")

    def page(self, path: str) -> str:
        """A page, as a browser gets it."""
        answer = self._pages.get(f"{self._url}{path}", timeout=60)
        answer.raise_for_status()
        return answer.text.replace("&amp;", "&")

    def _post(self, path: str, **fields: Any) -> str:
        fields["csrfmiddlewaretoken"] = self._pages.cookies["csrftoken"]
        answer = self._pages.post(f"{self._url}{path}", data=fields, timeout=120, allow_redirects=False)
        assert answer.status_code == requests.codes.found, answer.text  # a form that is not taken is shown again
        return str(answer.headers["X-Request-ID"])


def session() -> requests.Session:
    """Without what the environment says of proxies."""
    made = requests.Session()
    made.trust_env = False
    return made


def wish(engineer: Engineer, request_id: str, name: str, after: str = "staged", before: str = "planned") -> Delivery:
    """What NetBox delivers of a device that the engineer set so in this request."""
    return Delivery(request_id, WHO, engineer.ids[name], name, before, after)


def deliver(lab: Lab, delivery: Delivery, secret: str = "", timeout: float = 120) -> tuple[int, dict[str, Any]]:
    """Delivers by hand, signed with the secret, or with the one that is valid; what the endpoint answers."""
    here = lab.endpoints["webhook"]
    body = json.dumps(written(delivery, "a test")).encode()
    headers = {"Content-Type": "application/json", SIGNATURE: signature(body, secret or here["secret"])}
    with session() as own:
        answer = own.post(here["url"], body, headers=headers, timeout=timeout)
    return answer.status_code, answer.json()


@contextmanager
def nobody_told(lab: Lab) -> Iterator[None]:
    """NetBox delivers nothing."""
    rules = [rule for rule in lab.netbox.extras.event_rules.all() if rule.name in RULES]
    assert len(rules) == len(RULES)
    try:
        for rule in rules:
            rule.update({"enabled": False})
        yield
    finally:
        for rule in rules:
            rule.update({"enabled": True})


@contextmanager
def paused(lab: Lab, dag: str) -> Iterator[None]:
    """The DAG's runs only queue."""
    lab.airflow.pause(dag, paused=True)
    try:
        yield
    finally:
        lab.airflow.pause(dag, paused=False)


class Heard:
    """What the API server logs of deliveries from now on."""

    def __init__(self) -> None:
        self._from = LOG.stat().st_size

    def lines(self, *words: str) -> list[str]:
        """Those that have all these words."""
        with LOG.open("rb") as file:
            file.seek(self._from)
            text = file.read().decode(errors="replace")
        return [line for line in text.splitlines() if "webhook from " in line and all(word in line for word in words)]
