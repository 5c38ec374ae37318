"""Delivers to turnup's webhook as NetBox does: signed, over HTTP. For the sweep, and for the test of the connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests

from turnup.domain.errors import Refused, Transient
from turnup.domain.plain_text import plain
from turnup.domain.webhooks import SIGNATURE, Delivery, signature, written

KNOCK = {"event": "ping", "object_type": "turnup.knock"}
"""A body that starts nothing."""


class Deliverer:
    """One endpoint; `timeout` in seconds holds for each delivery."""

    def __init__(self, url: str, secret: str, ca: str | None, timeout: float) -> None:
        self._url = url
        self._secret = secret
        self._ca = ca
        self._timeout = timeout

    def deliver(self, delivery: Delivery, sent_by: str) -> str:
        """Deliver it; answers what became of it, in a line. Transient: nobody took it. Refused: it was not taken."""
        return self._post(written(delivery, sent_by))

    def knock(self) -> str:
        """Deliver something that starts nothing."""
        return self._post(KNOCK)

    def _post(self, content: Mapping[str, Any]) -> str:
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/json", SIGNATURE: signature(body, self._secret)}
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = self._ca or True
                answer = session.post(self._url, body, headers=headers, timeout=self._timeout, allow_redirects=False)
        except requests.exceptions.SSLError:
            raise Refused(
                f"The certificate at {self._url} cannot be verified.", "name the CA that signed it in the connection."
            ) from None
        except (requests.RequestException, OSError) as error:
            raise Transient(
                f"The webhook at {self._url} does not answer ({type(error).__name__}).",
                "look whether Airflow's API server runs.",
            ) from None
        if answer.status_code == 401:
            raise Refused(
                f"The webhook at {self._url} does not know this secret.",
                "save the connection; a changed secret counts after some seconds.",
            )
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Transient(f"The webhook answered {answer.status_code}: {plain(answer.text)}")
        if answer.status_code not in {200, 202}:
            raise Refused(f"The webhook answered {answer.status_code}: {plain(answer.text)}", "check the connection's URL.")
        return _said(answer)


def _said(answer: requests.Response) -> str:
    try:
        return plain(str(answer.json()["detail"]))
    except (ValueError, TypeError, LookupError):
        raise Refused("What answers is not turnup's webhook.", "check the connection's URL.") from None
