"""Ports on 127.0.0.1: the same ones every time, others only where those are taken."""

from __future__ import annotations

import json
import socket
from threading import Lock

from lab import configuration, paths

PREFERRED = {
    "postgres": 25432,
    "redis": 26379,
    "netbox": 28000,
    "airflow": 28080,
    "airflow_task_logs": 28793,
    "airflow_trigger_logs": 28794,
    "salt_api": 28443,
    "kea_control": 28001,
    "haproxy_runtime": 28999,
    "chat": 28002,
    "mail": 28025,
    "prometheus": 28090,
}

_FILE = paths.STATE / "ports.json"
_lock = Lock()


def _chosen() -> dict[str, int]:
    return {**PREFERRED, **(json.loads(_FILE.read_text()) if _FILE.exists() else {})}


def port(name: str) -> int:
    """The port of a service, as `settle` left it."""
    return _chosen()[name]


def settle(running: bool) -> None:
    """Chooses a free port for each service: the preferred one, else the last one; nothing to do while the lab runs."""
    if running:
        return
    with _lock:
        last = _chosen()
        chosen = {name: next(filter(_free, (preferred, last[name])), 0) or _any_free() for name, preferred in PREFERRED.items()}
        configuration.write(_FILE, json.dumps(chosen, indent=2), 0o644)


def _free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def answers(number: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, number)) == 0
