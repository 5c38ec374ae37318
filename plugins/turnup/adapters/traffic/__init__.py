"""Load balancers, one module each, found by its `BACKEND`; a site's policy names it by its module's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from turnup.discovery import discover, folder_of
from turnup.domain.errors import Refused
from turnup.domain.policy import Pool
from turnup.ports import Traffic


class Connect(Protocol):
    """How a backend is made."""

    def __call__(self, settings: Mapping[str, Any], pools: Mapping[str, Pool], timeout: float) -> Traffic:
        """The backend with an Airflow connection's `host`, `port`, `schema`, `login`, `password` and `extra` (a mapping).

        Opens no connection yet; `timeout` is in seconds for every call.
        """
        ...


@dataclass(frozen=True)
class Backend:
    """One kind of load balancer."""

    connect: Connect


@cache
def backends() -> Mapping[str, Backend]:
    """{kind: backend}, from the folder's listing."""
    return discover(__name__, folder_of(__file__), "BACKEND", Backend)


def backend(kind: str, settings: Mapping[str, Any], pools: Mapping[str, Pool], timeout: float) -> Traffic:
    """The load balancer of that kind. Refused: there is none, or a setting is missing."""
    known = backends()
    if kind not in known:
        raise Refused(
            f"There is no traffic backend {kind!r}.",
            f"name one of these in the site's policy: {', '.join(known)}.",
            cause="traffic-backend",
        )
    return known[kind].connect(settings, pools, timeout)
