"""A salt-api session over TLS that verifies, with pepper as the client.

pepper needs care. Its import replaces `ssl._create_default_https_context`, for the whole process, with a function that
verifies nothing; its requests have no timeout and know no certificate authority of ours. So it is imported with that replacement
disarmed, and its transport is overridden here.
"""

from __future__ import annotations

import importlib
import json
import ssl
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from turnup.domain.errors import Refused, Transient, TurnupError

EVENTS_TIMEOUT = 120.0  # seconds without any event after which the event stream is opened anew


def _import_pepper() -> type:
    """pepper's client class, imported so that no moment exists in which other HTTPS clients of the process stop verifying.

    pepper copies `ssl._create_stdlib_context` (verifies nothing) over the default; for the time of its import that name
    means the verifying function. Should somebody else have imported pepper before, the default is put back.
    """
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    unverified = ssl._create_unverified_context
    ssl._create_stdlib_context = ssl.create_default_context  # type: ignore[attr-defined]
    try:
        library = importlib.import_module("pepper.libpepper")
    finally:
        ssl._create_stdlib_context = unverified  # type: ignore[attr-defined]
        if ssl._create_default_https_context is unverified:
            ssl._create_default_https_context = ssl.create_default_context
    client: type = library.Pepper
    return client


if TYPE_CHECKING:
    Pepper = Any
else:
    Pepper = _import_pepper()


class Unauthorized(TurnupError):
    """salt-api answered 401: the token expired, or the account may not do this."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere: it is an error."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class VerifyingPepper(Pepper):  # type: ignore[misc]
    """pepper with a transport of our own: a verified TLS context, a timeout for every call, no proxy from the environment."""

    def __init__(self, url: str, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(url)
        self.timeout = timeout
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirects
        )

    def req(self, path: str, data: object = None) -> Any:
        """Send one request and answer the parsed JSON. Unauthorized: 401; Transient and Refused as in `open`."""
        with self.open(path, data, self.timeout) as response:
            try:
                return json.loads(response.read())
            except (OSError, HTTPException, ValueError) as error:
                raise Transient(
                    f"salt-api at {self.api_url} broke off its answer ({_reason(error)}).", cause="salt-unavailable"
                ) from error

    def open(self, path: str, data: object, timeout: float) -> HTTPResponse:
        """The response to one request, not read yet; `timeout` in seconds holds for each read as well."""
        body = None if data is None else json.dumps(data).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.auth.get("token"):
            headers["X-Auth-Token"] = self.auth["token"]
        request = urllib.request.Request(self._construct_url(path), body, headers)  # noqa: S310
        try:
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 401:
                raise Unauthorized(f"salt-api at {self.api_url} answered 401.") from None
            kind = Transient if error.code >= 500 or error.code == 429 else Refused
            raise kind(f"salt-api at {self.api_url} answered HTTP {error.code}.", "Look into salt-api's log.") from None
        except (OSError, HTTPException) as error:
            raise _unreachable(self.api_url, error) from error
        return response


class SaltSession:
    """One account's session with one salt-api: logs in when needed, again when the token expired. Safe to share by threads.

    `url` begins with https; `ca` is the path of the file with the certificate authority that signed salt-api's certificate
    (None: those that the system trusts); `timeout` in seconds holds for every call.
    """

    def __init__(self, url: str, username: str, password: str, eauth: str, ca: str | None, timeout: float) -> None:
        if not url.startswith("https://"):
            raise Refused(
                f"The salt-api URL {url!r} is not https.",
                "Correct the Salt connection: credentials only go over TLS.",
                cause="salt-certificate",
            )
        try:
            context = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise Refused(
                f"The certificate authority's file {ca} cannot be read ({_reason(error)}).", cause="salt-certificate"
            ) from error
        self.username = username
        self.identity = (url, username, password, eauth, ca)
        self._password = password
        self._eauth = eauth
        self._granted: list[object] = []
        self._pepper = VerifyingPepper(url if url.endswith("/") else f"{url}/", context, timeout)
        self._login = threading.Lock()

    def call(self, low: Mapping[str, object]) -> Any:
        """What salt-api returns for one low-state call. Refused: the account may not call it."""
        answer = self._authorized(lambda: self._pepper.low([dict(low)]), str(low["fun"]))
        try:
            return answer["return"][0]
        except (LookupError, TypeError) as error:
            raise Transient(
                f"salt-api at {self._pepper.api_url} gave no answer to {low['fun']}.", cause="salt-unavailable"
            ) from error

    def permissions(self) -> list[object]:
        """What the account may do, in the form of the master's external_auth; empty where salt-api does not tell."""
        self._token(expired=None)
        return self._granted

    def events(self) -> HTTPResponse:
        """The event stream (server-sent events), to be read line by line and closed."""
        return self._authorized(lambda: self._pepper.open("/events", None, EVENTS_TIMEOUT), "the event stream")

    def _authorized[T](self, ask: Callable[[], T], what: str) -> T:
        token = self._token(expired=None)
        try:
            return ask()
        except Unauthorized:
            self._token(expired=token)
        try:
            return ask()
        except Unauthorized:
            raise Refused(
                f"The Salt account {self.username} may not use {what} at {self._pepper.api_url}.",
                "Allow it in external_auth (and the client in netapi_enable_clients) of the Salt master's configuration.",
                cause="salt-forbidden",
            ) from None

    def _token(self, expired: str | None) -> str:
        """A token other than `expired`; whoever comes first logs in."""
        with self._login:
            token = self._pepper.auth.get("token")
            if token and token != expired:
                return str(token)
            self._pepper.auth = {}
            try:
                answer = self._pepper.login(self.username, self._password, self._eauth)
                token, granted = answer["token"], answer.get("perms")
            except Unauthorized:
                raise Refused(
                    f"salt-api at {self._pepper.api_url} refused the login of {self.username} (eauth {self._eauth}).",
                    "Correct the login, password or eauth of the Salt connection.",
                    cause="salt-login",
                ) from None
            except (AttributeError, LookupError, TypeError):
                raise Transient(
                    f"What answers at {self._pepper.api_url} gave no token: is it salt-api?", cause="salt-unavailable"
                ) from None
            self._granted = granted if isinstance(granted, list) else []
            return str(token)


def _unreachable(url: str, error: Exception) -> TurnupError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Refused(
            f"salt-api at {url} shows a certificate that does not verify ({reason.verify_message}).",
            "Give the Salt connection the file of the authority that signed it, or correct the certificate's names.",
            cause="salt-certificate",
        )
    return Transient(
        f"salt-api at {url} does not answer ({_reason(reason)}).", "Look whether salt-api runs.", cause="salt-unavailable"
    )


def _reason(error: object) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) and str(error) else type(error).__name__
