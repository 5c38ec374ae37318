"""DHCP backends, one module each. A module here that has `KIND` and `connect` is one; a site's policy names it by its kind."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from turnup.domain.errors import Refused
from turnup.ports import Dhcp


class Connect(Protocol):
    """A backend's `connect`."""

    def __call__(self, settings: Mapping[str, Any], timeout: float) -> Dhcp:
        """The backend with an Airflow connection's `host`, `port`, `schema`, `login`, `password` and `extra` (a mapping).

        Opens no connection yet; `timeout` is in seconds for every call.
        """
        ...


@cache
def backends() -> Mapping[str, Connect]:
    """{kind: how to connect}, from the folder's listing. Two of the same kind are an error."""
    found: dict[str, Connect] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        kind = getattr(module, "KIND", None)
        if kind is None:
            continue
        if kind in found:
            raise ValueError(f"two DHCP backends are called {kind}; the second is {name}.py")
        found[kind] = module.connect
    return found


def backend(kind: str, settings: Mapping[str, Any], timeout: float) -> Dhcp:
    """The backend of that kind. Refused: there is none, or a setting is missing."""
    known = backends()
    if kind not in known:
        raise Refused(
            f"There is no DHCP backend {kind!r}.",
            f"Name one of these in the site's policy: {', '.join(known)}.",
            cause="dhcp-backend",
        )
    return known[kind](settings, timeout)
