"""A chat's incoming webhook. Its address is a secret: whoever has it can write there, so it is in no message and no log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from turnup.domain.errors import Refused, Transient
from turnup.domain.plain_text import plain


class ChatWebhook:
    """One channel of a chat; `timeout` in seconds holds for connecting and for each part of the answer."""

    def __init__(self, url: str, ca: str | None, timeout: float, proxy: str | None = None) -> None:
        self._url = url
        self._ca = ca
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._timeout = timeout

    def post(self, message: Mapping[str, Any]) -> None:
        """Say it. Transient: nobody took it, which may pass. Refused: it was not taken, and will not be."""
        host = urlsplit(self._url).hostname
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = self._ca or True
                session.proxies = dict(self._proxies)
                answer = session.post(self._url, json=message, timeout=self._timeout, allow_redirects=False, stream=True)
                with answer:
                    status, said = answer.status_code, plain(next(answer.iter_content(200), b"").decode(errors="replace"))
        except requests.exceptions.SSLError:
            raise Refused(f"The certificate of {host} cannot be verified.", "name its CA in the connection.") from None
        except (requests.RequestException, OSError, ValueError) as error:
            raise Transient(
                f"The chat at {host} does not answer ({type(error).__name__}).",
                "look whether it can be reached from Airflow's workers.",
                cause="notice-undelivered",
            ) from None
        if status == 429 or status >= 500:
            raise Transient(f"The chat at {host} answered {status}: {said}", "wait.", cause="notice-undelivered")
        if status not in range(200, 300):
            raise Refused(
                f"The chat at {host} answered {status}: {said}",
                "make a new incoming webhook there and enter its URL in the connection.",
            )
