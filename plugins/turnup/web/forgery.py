"""Against requests that another site makes in a person's name: an order counts only if one of turnup's own pages sent it.

The session's cookie alone is no proof: a browser sends it along, whoever wrote the page. So every order carries a token that only
our pages hold (`X-Turnup-Token`), made of the user whom Airflow knows the request by and of the day, by Airflow's secret key:
without state, the same in every API server, and still right when Airflow renews the session; what a cookie says of itself does
not count. And a browser that names another origin is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.tokens import get_signing_key
from fastapi import Depends, HTTPException, Request

from turnup.orchestration import settings
from turnup.web.access import LoggedIn

HEADER = "X-Turnup-Token"
KEPT_OPEN = timedelta(days=1)
"""For how long a page may stay open, at least, before its orders are refused."""

WRONG_TOKEN = "This page is too old, or not yours: reload it and try again. Nothing was done."  # noqa: S105 -- a sentence
FOREIGN = "This was sent by a page of another site. Nothing was done."


def token(person: str, at: datetime | None = None) -> str:
    """What a page that this user of Airflow's asked for puts into its orders; now, or `at` that time."""
    key = hashlib.sha256(f"turnup.forgery {get_signing_key('api', 'secret_key')}".encode()).digest()
    return hmac.new(key, f"{at or datetime.now(UTC):%Y-%m-%d} {person}".encode(), hashlib.sha256).hexdigest()


def check(request: Request, reader: LoggedIn) -> None:
    """Return where one of our own pages, of the same person, sent the request. HTTPException 403: it is not so."""
    if is_foreign(request.headers, settings.base_url()):
        raise HTTPException(403, FOREIGN)
    given, now = request.headers.get(HEADER, "").encode(), datetime.now(UTC)
    good = [hmac.compare_digest(token(reader.name, at).encode(), given) for at in (now, now - KEPT_OPEN)]
    if not any(good):
        raise HTTPException(403, WRONG_TOKEN)


Genuine = Annotated[None, Depends(check)]
"""A route's parameter of this type: 403 for what no page of ours sent."""


def is_foreign(headers: Mapping[str, str], base_url: str) -> bool:
    """Whether the browser says that another origin sent it: neither the host that is asked, nor the one of `base_url`."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    ours = {headers.get("host", ""), urlsplit(base_url).netloc} - {""}
    return urlsplit(origin).netloc not in ours
