"""A server's host name, which is its Salt minion id as well: from its name in NetBox and the site's domain. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from turnup.domain.errors import Problem
from turnup.domain.plain_text import plain
from turnup.domain.plans import ServerPlan
from turnup.domain.servers import Server

HOSTNAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""A fully qualified host name (RFC 1123, lower case): what DNS, DHCP and a Salt minion id can all bear."""

_ALLOWED = re.compile(r"[a-zA-Z0-9.-]")


def hostname(name: str, domain: str) -> str:
    """The host name of a device of that name; a name that ends in the site's domain is one already."""
    lower = name.lower()
    return lower if lower.endswith(f".{domain}") else f"{lower}.{domain}"


def bmc_hostname(name: str) -> str:
    """The host name of the BMC of the server of this host name. DNS allows 63 characters between two dots."""
    host, _, domain = name.partition(".")
    return f"{host[:59].rstrip('-')}-bmc.{domain}"


def why_no_hostname(name: str, domain: str) -> str | None:
    """None where the name gives a host name that DNS allows; else the reason, for a person."""
    if strange := sorted({character for character in name if not _ALLOWED.fullmatch(character)}):
        return f"{', '.join(map(repr, strange))} cannot be in it"
    if HOSTNAME.fullmatch(hostname(name, domain)):
        return None
    parts = name.split(".")
    if not all(parts):
        return "nothing stands beside one of its dots"
    if any(part.startswith("-") or part.endswith("-") for part in parts):
        return "no part of it may begin or end with '-'"
    return "no part of it may be longer than 63 characters, nor all of it than 253"


def shared_hostnames(parts: Sequence[ServerPlan], servers: Sequence[Server], domain: str) -> Iterator[Problem]:
    """Servers whose host name another device of the rack gets too, though NetBox has them under two names."""
    for part in parts:
        others = [
            plain(one.name)
            for one in servers
            if one.id != part.id and one.name.casefold() != part.name.casefold() and hostname(one.name, domain) == part.hostname
        ]
        if others:
            what = f"gives the host name {part.hostname}, and so does {', '.join(others)}."
            yield Problem(part.name, what, "rename one of them.")
