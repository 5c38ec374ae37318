"""How turnup speaks to NetBox: pynetbox over a session that always has a timeout, failures sorted by what a person does.

no connection, timeout, 429, 5xx     Transient
certificate, 3xx, 400, 401, 403, 404 Refused, with NetBox's own words
409 for `available-ips`              Exhausted, a Refused
412                                  Moved, a Conflict that carries the ETag of what is there now

A `Transient` is tried again after the client's `pauses`, where doing it twice equals doing it once: everything but `create`.
What stays away for longer is for whoever asks: rows in the triggerer and tasks in workers begin anew after longer pauses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from pynetbox.core.query import AllocationError, ContentError, Request, RequestError

from turnup.domain.errors import Conflict, Refused, Transient

type Row = dict[str, Any]

PAGE = 1000  # NetBox's default MAX_PAGE_SIZE
LONGEST_QUERY = 6000  # characters of values in one URL; web servers refuse somewhere above 8000
TIMEOUT = 20.0  # seconds
PAUSES = (1.0, 2.0, 4.0)  # seconds, for a client that is to be patient


def changelog(message: str) -> Row:
    """What a write carries so that the object's changelog says why; NetBox keeps 200 characters."""
    return {"changelog_message": message[:200]}


class Moved(Conflict):
    """NetBox's 412: the object is not at the version that a write named. `etag` is the one it is at, where NetBox said so."""

    def __init__(self, etag: str | None) -> None:
        super().__init__("NetBox's object moved on since it was read.", "plan again.")
        self.etag = etag


class Exhausted(Refused):
    """NetBox's 409: not enough addresses left."""


class Session(requests.Session):
    """A session whose every call has a timeout, which looks at no environment variables, follows no redirect and counts."""

    def __init__(self, timeout: float, ca: str | None, agent: str) -> None:
        super().__init__()
        self.headers["User-Agent"] = agent
        self.trust_env = False  # REQUESTS_CA_BUNDLE would override `verify`
        self.verify = ca or True
        self.headers["Connection"] = "close"  # an idle connection that the server gives up would cost a write its answer
        self.timeout = timeout
        self.made = 0

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request. A redirect is an error: followed, it would turn a POST into a GET."""
        self.made += 1
        kwargs["allow_redirects"] = False
        kwargs.setdefault("timeout", self.timeout)
        answer = super().request(method, url, *args, **kwargs)
        if 300 <= answer.status_code < 400:
            raise requests.TooManyRedirects(f"it redirects to {answer.headers.get('Location', 'nowhere')}", response=answer)
        return answer


class _IfMatch:
    """A session for one conditional write."""

    def __init__(self, session: Session, etag: str) -> None:
        self._session = session
        self._etag = etag

    def patch(self, url: str, headers: Mapping[str, str], **kwargs: Any) -> requests.Response:
        return self._session.patch(url, headers={**headers, "If-Match": self._etag}, **kwargs)


class Client:
    """One NetBox. Paths are the API's, such as `dcim/devices`; rows are its JSON objects.

    `agent`: who asks, for whoever reads NetBox's access log.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca: str | None = None,
        timeout: float = TIMEOUT,
        pauses: Sequence[float] = (),
        agent: str = "turnup",
    ) -> None:
        self.url = url.rstrip("/")
        self._pauses = pauses
        self._token = token
        self._session = Session(timeout, ca, agent)

    @property
    def requests(self) -> int:
        """How many requests this client has sent."""
        return self._session.made

    def rows(self, path: str, *, fields: str = "", at_most: int | None = None, **filters: Any) -> list[Row]:
        """Every object that matches the filters (the first `at_most` of them), with these fields (comma separated) only."""
        rows: list[Row] = []
        while True:
            limit = PAGE if at_most is None else min(PAGE, at_most - len(rows))
            query = {**filters, **({"fields": fields} if fields else {})}
            request = self._request(path, filters=query, limit=limit, offset=len(rows))
            page = self._all(request)
            rows += page
            if not page or len(rows) >= request.count or (at_most is not None and len(rows) >= at_most):
                return rows

    def rows_by(self, path: str, name: str, values: Sequence[str | int], *, fields: str = "", **filters: Any) -> list[Row]:
        """Every object whose `name` is one of the values, in as many requests as the length of a URL asks for."""
        return [
            row
            for some in chunks(values, len(name))
            for row in self.rows(path, fields=fields, at_most=None, **{**filters, name: list(some)})
        ]

    def row(self, path: str, key: int, *, fields: str = "") -> Row:
        """One object. Refused: there is none."""
        filters = {"fields": fields} if fields else None
        found: Row = self._patiently(lambda: next(self._request(path, key=key, filters=filters).get()))
        return found

    def list_all(self, path: str, *, limit: int) -> list[Row]:
        """What an endpoint without pages lists, `limit` entries at most."""
        return self._all(self._request(path, filters={"limit": limit}))

    def status(self) -> Row:
        """What NetBox says of itself, its version among it. Refused: the token is not valid, or what answers is no NetBox."""
        with self._sorted():
            try:
                found: Row = next(self._request("status").get())
            except RequestError as error:
                raise ContentError(error.req) if error.req.status_code == 404 else error from None
        return found

    def me(self) -> Row:
        """The user whose token it is."""
        found: Row = self._patiently(lambda: next(self._request("authentication-check").get()))
        return found

    def allowed(self, path: str) -> frozenset[str]:
        """What the token may do there, as far as NetBox tells: POST to create, PUT to change."""
        with self._sorted():
            return frozenset(self._request(path).options().get("actions", ()))

    def create(self, path: str, rows: Sequence[Row]) -> list[Row]:
        """Create objects in one request, all or none; answers them in the same order."""
        with self._sorted():
            created: list[Row] = self._request(path).post(list(rows)) if rows else []
        return created

    def change(self, path: str, key: int, row: Row, etag: str | None = None) -> Row:
        """Change one object's fields; with an `etag` only if the object is still at it. Moved: it is not."""
        changed: Row = self._patiently(lambda: self._request(path, key=key, etag=etag).patch(row))
        return changed

    def change_all(self, path: str, rows: Sequence[Row]) -> None:
        """Change objects in one request, all or none; each row names its `id`."""
        if rows:
            self._patiently(lambda: self._request(path).patch(list(rows)))

    def delete(self, path: str, ids: Sequence[int], message: str) -> None:
        """Delete objects in one request, all or none. Refused: one of them is gone already, or in use."""
        if ids:
            self._patiently(lambda: self._request(path).delete([{"id": key, **changelog(message)} for key in ids]))

    def _request(self, path: str, *, etag: str | None = None, **kwargs: Any) -> Any:
        session = _IfMatch(self._session, etag) if etag else self._session
        return Request(f"{self.url}/api/{path}/", session, token=self._token, **kwargs)

    def _all(self, request: Any) -> list[Row]:
        """What a GET lists."""
        return self._patiently(lambda: list(request.get()))

    def _patiently[T](self, call: Callable[[], T]) -> T:
        """What the call answers, at the latest after the last pause; for calls that may be made twice."""
        for pause in self._pauses:
            try:
                with self._sorted():
                    return call()
            except Transient:
                time.sleep(pause)
        with self._sorted():
            return call()

    @contextmanager
    def _sorted(self) -> Iterator[None]:
        try:
            yield
        except requests.exceptions.SSLError as error:
            raise Refused(
                f"NetBox's certificate at {self.url} cannot be verified: {_reason(error)}",
                "name the CA that signed it, as `ca` in the connection's extra.",
                cause="netbox-certificate",
            ) from error
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Transient(
                f"NetBox at {self.url} does not answer: {_reason(error)}",
                "see whether it is up; this is tried again by itself for a while, after that clear the task.",
                cause="netbox-unavailable",
            ) from error
        except (requests.exceptions.InvalidHeader, UnicodeError):  # their texts quote the token
            raise Refused(
                "The NetBox API token has characters that no token has.", "copy it anew.", cause="netbox-token"
            ) from None
        except OSError as error:  # all of requests' other errors are, and so is a CA file that is not there
            raise Refused(
                f"NetBox at {self.url} cannot be asked: {error}",
                "check the connection's URL and `ca`.",
                cause="netbox-connection",
            ) from error
        except ContentError as error:
            raise Refused(
                f"What answers at {self.url} is not NetBox's API.", "check the connection's URL.", cause="netbox-connection"
            ) from error
        except AllocationError as error:
            raise Exhausted(f"NetBox has not that many left: {_text(error.req)}") from error
        except RequestError as error:
            raise refusal(error.req) from error


def refusal(response: requests.Response) -> Refused | Transient | Conflict:
    """The error that an HTTP answer stands for."""
    status = response.status_code
    asked = f"{response.request.method} {urlsplit(response.url).path}"
    if status == 412:
        return Moved(response.headers.get("ETag"))
    if status == 429 or status >= 500:
        return Transient(
            f"NetBox answered {status} to {asked}: {_text(response)}",
            "nothing yet: this is tried again by itself. Look at NetBox's log if it goes on, and clear the task if it fails.",
            cause="netbox-unavailable",
        )
    if status in {401, 403}:
        return Refused(
            f"NetBox does not allow {asked} ({status}): {_text(response)}",
            "check the token and its user's permissions.",
            cause="netbox-token",
        )
    if status == 404:
        return Refused(
            f"NetBox has nothing at {asked} (404).", "see whether it was deleted, and check the URL.", cause="netbox-object-gone"
        )
    text = _text(response)
    advice = "run `turnup-netbox ensure` against this NetBox." if "custom field" in text else ""
    return Refused(f"NetBox refused {asked} ({status}): {text}", advice, cause="netbox-refused")


def chunks(values: Sequence[str | int], name_length: int) -> Iterator[Sequence[str | int]]:
    """The values, each once, in groups that fit a URL as `name=value&name=value`."""
    group: list[str | int] = []
    length = 0
    for value in dict.fromkeys(values):
        more = name_length + 2 + len(quote(str(value), safe=""))
        if group and length + more > LONGEST_QUERY:
            yield group
            group, length = [], 0
        group.append(value)
        length += more
    if group:
        yield group


def _reason(error: requests.RequestException) -> str:
    """The innermost cause, which is the part that a person understands."""
    cause: object = error
    while isinstance(cause, BaseException) and (inner := getattr(cause, "reason", None) or next(iter(cause.args), None)):
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return str(cause)


def _text(response: requests.Response) -> str:
    """NetBox's own words, on one line and at most 500 characters."""
    try:
        words = "; ".join(_flat(response.json()))
    except json.JSONDecodeError:
        words = " ".join(response.text.split())
    return words[:500] or response.reason


_UNNAMED = ("detail", "errors", "__all__", "non_field_errors")  # keys of NetBox's refusals that name no field


def _flat(value: object, where: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "id" and isinstance(inner, int):
                where = f"{where} {inner}".strip()  # of a bulk request: which object the errors are about
                continue
            yield from _flat(inner, where if key in _UNNAMED else f"{where} {key}".strip())
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, where)
    else:
        yield f"{where}: {value}" if where else str(value)
