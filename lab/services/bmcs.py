"""The BMCs of all servers, in one process: each in a namespace of its own, on the out-of-band network."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from lab import paths, supervisor
from lab.supervisor import Program

NAME = "bmcs"


def configure() -> None:
    """They read the data center itself."""


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    if importlib.util.find_spec("lab.bmc") is None:
        return []
    environment = {"PYTHONPATH": str(paths.CHECKOUT), "PYTHONUNBUFFERED": "1"}
    return [Program(NAME, [str(paths.python("lab")), "-m", "lab.bmc"], environment, stop_seconds=20)]


def url() -> str:
    """Where it answers."""
    return "https://<out-of-band address>/redfish/v1"


def ready() -> bool:
    """Whether it answers."""
    return supervisor.state(NAME) == "RUNNING"
