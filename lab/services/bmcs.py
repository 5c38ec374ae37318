"""The BMCs of all servers, in one process: each in a namespace of its own, on the out-of-band network."""

from __future__ import annotations

from collections.abc import Sequence

from lab import configuration, paths, supervisor
from lab.supervisor import Program

NAME = "bmcs"


def configure() -> None:
    """They read the data center itself."""


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    lab = paths.CHECKOUT / "lab"
    if not (lab / "bmc" / "__main__.py").exists():
        return []
    sources = sorted([*(lab / "bmc").rglob("*.py"), *(lab / "metal").rglob("*.py")])
    environment = {
        "PYTHONPATH": str(paths.CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "LAB_CONFIG": configuration.digest(*sources),  # a changed BMC is started again by the next ./lab/up
    }
    return [Program(NAME, [str(paths.python("lab")), "-m", "lab.bmc"], environment, stop_seconds=20)]


def url() -> str:
    """Where it answers."""
    return "https://<out-of-band address>/redfish/v1"


def ready() -> bool:
    """Whether it answers."""
    return supervisor.state(NAME) == "RUNNING"
