"""The control plane, one module a service: its configuration, its programs, how it is known to be ready, where it answers."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Protocol, cast

from lab.supervisor import Program


class Service(Protocol):
    """What each module of this package offers."""

    NAME: str

    def configure(self) -> None:
        """Its configuration files are written; nothing is started."""

    def programs(self) -> Sequence[Program]:
        """Its processes, in the order in which they start."""

    def url(self) -> str:
        """Where it answers."""

    def ready(self) -> bool:
        """Whether it answers there."""


def every() -> list[Service]:
    """All services, in the order in which they need each other."""
    from lab.services import airflow, bmcs, haproxy, kea, netbox, nginx, notices, postgres, prometheus, redis, salt  # noqa: PLC0415 - they read this package

    modules: list[ModuleType] = [postgres, redis, kea, nginx, haproxy, notices, netbox, salt, airflow, prometheus, bmcs]
    return [cast(Service, module) for module in modules]
