"""HAProxy 2.6 or newer, one or several: servers are added to a backend, drained and deleted while it runs, by its Runtime API.

A server gets its host name in HAProxy, so two runs that add servers at once never take each other's slot. It is added without
traffic and put into rotation when its health check passed. What was added at runtime is forgotten by a reload or a restart of
HAProxy unless somebody writes it down: docs/traffic.md says how.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from turnup.adapters.traffic import Backend
from turnup.adapters.traffic.haproxy_runtime import NAME, NO_SERVER, Entry, RuntimeApi, endpoint, trust
from turnup.domain.errors import Conflict, Refused, Transient
from turnup.domain.policy import Pool
from turnup.ports import InPool, Membership, Serving, Target, Traffic

CHECK = "check inter 2s rise 2 fall 3"
"""How a server's health is looked at where the connection does not say: HAProxy's defaults of its backend do not count."""

WORSE = (InPool.WAITING, InPool.SERVING, InPool.DRAINING, InPool.OUT, InPool.ABSENT)
"""Where several load balancers disagree, the first of these that one of them says; serving at some only is waiting."""


class Haproxy:
    """The `Traffic` port. `options` are the keywords of HAProxy's `add server`, a health check among them."""

    def __init__(self, apis: Sequence[RuntimeApi], pools: Mapping[str, Pool], options: str, timeout: float) -> None:
        self._apis = apis
        self._pools = pools
        self._options = options
        self._timeout = timeout

    def enter(self, target: Target) -> None:
        """At every HAProxy: in the backend, drained until its check passes, then in rotation."""
        pool = self._pools.get(target.role)
        if pool is None:
            raise Refused(
                f"The role {target.role} has no pool at this site.",
                "name one under `traffic.pools` in the site's file.",
                cause="traffic-pool",
            )
        for api in self._apis:
            found = _found(api, pool, target)
            for entry in found:
                _come_back(api, pool, target, entry)
            if not found:
                self._add(api, pool, target)

    def drain(self, target: Target) -> None:
        """`set server state drain`; a server in maintenance stays there, since a drained one bears what it has."""
        for api, pool, entry in self._everywhere(target):
            if not entry.is_out and not entry.is_draining:
                api.change("set server", _path(pool, entry.name), "state drain", may_say=NO_SERVER)

    def leave(self, target: Target) -> None:
        """Maintenance, sessions shut down, deleted. Transient: it still bears something; it is in maintenance already."""
        for api, pool, entry in self._everywhere(target):
            path = _path(pool, entry.name)
            if api.change("set server", path, "state maint", may_say=NO_SERVER):
                self._delete(api, path)

    def connections(self, target: Target) -> int:
        """Requests at work, and those that wait for it, at all of them."""
        return sum(entry.sessions for _, _, entry in self._everywhere(target))

    def state(self, target: Target) -> Membership:
        """What is so at every HAProxy."""
        pool = self._pools.get(target.role)
        if pool is None:
            return Membership(InPool.ABSENT)
        per_api = [_found(api, pool, target) for api in self._apis]
        states = {_worst([_state(entry) for entry in found] or [InPool.ABSENT]) for found in per_api}
        entries = [entry for found in per_api for entry in found]
        said = "; ".join(dict.fromkeys(entry.said for entry in entries))
        return Membership(_worst(states), sum(entry.sessions for entry in entries), said)

    def serving(self, role: str) -> tuple[Serving, ...]:
        """By address: those that serve at every HAProxy."""
        pool = self._pools.get(role)
        if pool is None:
            return ()
        found = [{one.address: one.name for one in api.entries(pool.backend) if _serves(one)} for api in self._apis]
        everywhere = set.intersection(*(set(names) for names in found))
        return tuple(Serving(found[0][address], address) for address in sorted(everywhere))

    def _everywhere(self, target: Target) -> list[tuple[RuntimeApi, Pool, Entry]]:
        pool = self._pools.get(target.role)
        return [] if pool is None else [(api, pool, entry) for api in self._apis for entry in _found(api, pool, target)]

    def _add(self, api: RuntimeApi, pool: Pool, target: Target) -> None:
        path = _path(pool, target.hostname)
        answer = api.ask("add server", path, endpoint(_address(target), pool.port), self._options)
        if not answer.startswith(("New server registered", "Already exists")):
            what = f"HAProxy at {api.host} did not add {target.hostname}: {answer}"
            raise Refused(what, "correct the server options in the HAProxy connection.", cause="traffic-refused")
        _begin(api, path)

    def _delete(self, api: RuntimeApi, path: str) -> None:
        """HAProxy ends shut down sessions in its own time, well below a second."""
        end = time.monotonic() + self._timeout
        while True:
            api.change("shutdown sessions server", path, may_say=NO_SERVER)
            answer = api.ask("del server", path)
            if answer.startswith(("Server deleted", NO_SERVER)):
                return
            if time.monotonic() > end:
                what = f"HAProxy at {api.host} does not delete {path}: {answer}"
                raise Transient(what, "it gets no traffic any more; look at HAProxy.", cause="traffic-unavailable")
            time.sleep(0.2)


def _come_back(api: RuntimeApi, pool: Pool, target: Target, entry: Entry) -> None:
    """An entry that is there gets nearer to rotation: out, drained with a check that runs, ready."""
    path = _path(pool, entry.name)
    if entry.is_out:
        if (_plain(entry.address), entry.port) != (str(_address(target)), pool.port):
            api.ask("set server", path, "addr", str(_address(target)), "port", str(pool.port))
        _begin(api, path)
    elif _plain(entry.address) != str(_address(target)):
        raise Conflict(
            f"{entry.name} is in the backend {pool.backend} of HAProxy at {api.host} with the address {entry.address}, "
            f"not {target.address}.",
            "find out who has that address; take the entry out of HAProxy.",
            cause="traffic-name-taken",
        )
    elif entry.is_draining and entry.passes:
        api.change("set server", path, "state ready", may_say=NO_SERVER)


def _begin(api: RuntimeApi, path: str) -> None:
    """Drained, with its health check running. A server without one can be looked at no further, and waits."""
    api.ask("enable health", path)
    api.change("set server", path, "state drain", may_say=NO_SERVER)


def _found(api: RuntimeApi, pool: Pool, target: Target) -> list[Entry]:
    address = str(_address(target))
    return [one for one in api.entries(pool.backend) if one.name == target.hostname or _plain(one.address) == address]


def _path(pool: Pool, name: str) -> str:
    if not NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot be a server's name in HAProxy.", "correct its name.", cause="traffic-refused")
    return f"{pool.backend}/{name}"


def _address(target: Target) -> IPv4Address | IPv6Address:
    try:
        return ip_address(target.address)
    except ValueError:
        what = f"{target.address!r} of {target.hostname} is no IP address."
        raise Refused(what, "look at its primary address in NetBox.", cause="traffic-refused") from None


def _plain(address: str) -> str:
    """An address as Python writes it; what is none (a server without one shows `-`) as it is."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def _state(entry: Entry) -> InPool:
    if entry.is_out:
        return InPool.OUT
    if entry.is_draining:
        return InPool.DRAINING
    return InPool.SERVING if _serves(entry) else InPool.WAITING


def _serves(entry: Entry) -> bool:
    return not entry.is_out and not entry.is_draining and entry.passes and entry.status == "UP"


def _worst(states: Sequence[InPool] | set[InPool]) -> InPool:
    if InPool.SERVING in states and len(set(states)) > 1:
        return InPool.WAITING
    return next(state for state in WORSE if state in states)


def runtimes(settings: Mapping[str, Any], timeout: float) -> list[RuntimeApi]:
    """Every HAProxy of a connection; none is spoken to yet. Refused: a certificate cannot be read."""
    extra = settings["extra"]
    context = trust(extra.get("ca"), extra["certificate"], extra["private_key"])
    hosts = [host.strip() for host in str(settings["host"]).split(",") if host.strip()]
    return [RuntimeApi(host, int(settings["port"]), context, timeout) for host in hosts]


def _connect(settings: Mapping[str, Any], pools: Mapping[str, Pool], timeout: float) -> Traffic:
    options = str(settings["extra"].get("server_options") or CHECK)
    return Haproxy(runtimes(settings, timeout), pools, options, timeout)


BACKEND = Backend(_connect)
"""Settings: `host` (several with commas), `port`, and of the extra `certificate`, `private_key`, `ca`, `server_options`."""
