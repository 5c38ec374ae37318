"""Kea's control agent: commands to its DHCPv4 server over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from turnup.domain.errors import Refused, Transient

OK, UNSUPPORTED, EMPTY = 0, 2, 3  # Kea's result codes; 1 is an error


class KeaControl:
    """Control agent at `url`, with HTTP basic authentication; `timeout` in seconds holds for every command."""

    def __init__(self, url: str, username: str, password: str, timeout: float) -> None:
        self._url = url
        self._login = (username, password)
        self._timeout = timeout

    def command(self, name: str, arguments: Mapping[str, object] | None = None) -> tuple[int, Any]:
        """(result code, what it carries: arguments or text) of a command that succeeded, found nothing or is unsupported."""
        body: dict[str, object] = {"command": name, "service": ["dhcp4"]}
        if arguments:
            body["arguments"] = dict(arguments)
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(self._url, json=body, auth=self._login, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise Transient(
                f"Kea's control agent at {self._url} does not answer ({type(error).__name__}).",
                "Look whether it runs.",
                cause="dhcp-unavailable",
            ) from None
        if answer.status_code in {401, 403}:
            raise Refused(
                f"Kea's control agent at {self._url} refuses the login {self._login[0]}.",
                "Correct the site's Kea connection.",
                cause="dhcp-login",
            )
        try:
            first = answer.json()[0]
            result, text = first["result"], first.get("text", "")
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Transient(
                f"Kea's control agent at {self._url} answered HTTP {answer.status_code}, not Kea's JSON.",
                cause="dhcp-unavailable",
            ) from None
        if result not in {OK, UNSUPPORTED, EMPTY}:
            raise Transient(f"Kea failed at {name}: {text}", "Look into the log of kea-dhcp4.", cause="dhcp-unavailable")
        return result, first.get("arguments", text)
