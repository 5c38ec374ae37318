"""Kea: DHCPv4 on the data center's bridges, reservations from its hosts database in PostgreSQL, control over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from lab import configuration, paths, supervisor, waiting
from lab.datacenter import DOMAIN, NETWORKS
from lab.errors import LabError
from lab.ports import port
from lab.secrets import secret
from lab.services import postgres
from lab.supervisor import Program

NAME = "kea"
CONTROL_USER = "turnup"
_ETC, _VAR = paths.ETC / "kea", paths.VAR / "kea"
_DHCP4, _AGENT = _ETC / "dhcp4.json", _ETC / "agent.json"
_SOCKET = paths.SOCKETS / "kea4.sock"
_LEASE_SECONDS = 3600


def _loggers(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "severity": "INFO", "output_options": [{"output": "stdout"}]}]


def _subnets() -> list[dict[str, Any]]:
    """One a network. No pools: only who has a reservation gets an address."""
    return [
        {
            "id": network.kea_subnet_id,
            "subnet": str(network.prefix),
            "interface": network.bridge,
            "option-data": [{"name": "routers", "data": str(network.gateway)}],
        }
        for network in NETWORKS
    ]


def _hooks() -> list[dict[str, Any]]:
    """lease_cmds: the lab's reset wipes leases with it, turnup's audits read them with it."""
    found = sorted(Path("/usr/lib").glob("*/kea/hooks/libdhcp_lease_cmds.so"))
    if not found:
        raise LabError("Kea's hook libdhcp_lease_cmds.so is not there. Install the package kea-dhcp4-server (2.2 or newer).")
    return [{"library": str(found[-1])}]


def configure() -> None:
    """Write its configuration."""
    for folder in (_ETC, _VAR):
        folder.mkdir(parents=True, exist_ok=True)
    if not supervisor.running():  # Kea starts beside no process of the number in its file, whatever that process is
        for file in paths.SOCKETS.glob("*.kea-*.pid"):
            file.unlink()
    database = {"type": "postgresql", "host": "127.0.0.1", "port": port("postgres"), "name": "kea", "user": "turnup"}
    retries = {"max-reconnect-tries": 1000, "reconnect-wait-time": 1000, "on-fail": "serve-retry-continue"}
    dhcp4 = {
        "interfaces-config": {"interfaces": [network.bridge for network in NETWORKS], "dhcp-socket-type": "raw"},
        "control-socket": {"socket-type": "unix", "socket-name": str(_SOCKET)},
        "lease-database": {"type": "memfile", "persist": True, "name": str(_VAR / "leases.csv"), "lfc-interval": 0},
        "hosts-databases": [database | retries | {"password": secret("postgres")}],
        "host-reservation-identifiers": ["hw-address"],
        "reservations-global": False,
        "reservations-in-subnet": True,
        "reservations-out-of-pool": True,
        "valid-lifetime": _LEASE_SECONDS,
        "option-data": [{"name": "domain-name", "data": DOMAIN}],
        "hooks-libraries": _hooks(),
        "subnet4": _subnets(),
        "loggers": _loggers("kea-dhcp4"),
    }
    client = {"user": CONTROL_USER, "password": secret("kea_control")}
    agent = {
        "http-host": "127.0.0.1",
        "http-port": port("kea_control"),
        "authentication": {"type": "basic", "realm": "kea", "clients": [client]},
        "control-sockets": {"dhcp4": {"socket-type": "unix", "socket-name": str(_SOCKET)}},
        "loggers": _loggers("kea-ctrl-agent"),
    }
    configuration.write(_DHCP4, json.dumps({"Dhcp4": dhcp4}, indent=2))
    configuration.write(_AGENT, json.dumps({"Control-agent": agent}, indent=2))


def prepare() -> None:
    """The hosts database has Kea's schema."""
    with postgres.connect("kea") as connection:
        if connection.execute("SELECT to_regclass('public.schema_version')").fetchone() != (None,):
            return
    where = ["-h", "127.0.0.1", "-P", str(port("postgres")), "-u", "turnup", "-n", "kea"]
    password = os.environ | {"KEA_ADMIN_DB_PASSWORD": secret("postgres")}  # command lines are for everybody to read
    done = subprocess.run(["kea-admin", "db-init", "pgsql", *where], env=password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"Kea's hosts database could not be made: {(done.stdout + done.stderr).strip()[-2000:]}")


def _own(binary: str) -> str:
    """A copy of Kea's program: AppArmor's profile, where there is one, holds for its path and keeps it out of the checkout."""
    source, copy = Path(shutil.which(binary) or f"/usr/sbin/{binary}"), _VAR / binary
    if not copy.exists() or copy.stat().st_mtime < source.stat().st_mtime:
        copy.unlink(missing_ok=True)
        shutil.copy2(source, copy)
    return str(copy)


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    folders = {"KEA_PIDFILE_DIR": str(paths.SOCKETS), "KEA_LOCKFILE_DIR": str(paths.SOCKETS)}
    return [
        Program("kea-dhcp4", [_own("kea-dhcp4"), "-c", str(_DHCP4)], folders | {"LAB_CONFIG": configuration.digest(_DHCP4)}),
        Program("kea-agent", [_own("kea-ctrl-agent"), "-c", str(_AGENT)], folders | {"LAB_CONFIG": configuration.digest(_AGENT)}),
    ]


def url() -> str:
    """Where it answers."""
    return f"http://127.0.0.1:{port('kea_control')}/"


def ready() -> bool:
    """Whether it answers."""
    try:
        return bool(command("status-get")["result"] == 0)
    except (requests.RequestException, LabError):
        return False


def command(name: str, **arguments: object) -> dict[str, Any]:
    """Sends a command to the DHCP server through the control agent; the first answer of its list."""
    with requests.Session() as session:
        session.trust_env = False
        body: dict[str, Any] = {"command": name, "service": ["dhcp4"]}
        if arguments:
            body["arguments"] = arguments
        answer = session.post(url(), json=body, auth=(CONTROL_USER, secret("kea_control")), timeout=10)
    if not answer.ok:
        raise LabError(f"Kea's control agent answers {answer.status_code} to {name}. Look at {paths.LOG / 'kea-agent.log'}.")
    answers: list[dict[str, Any]] = answer.json()
    return answers[0]


def empty() -> None:
    """No reservation and no lease is left."""
    with postgres.connect("kea") as connection:
        connection.execute("TRUNCATE hosts, dhcp4_options, ipv6_reservations RESTART IDENTITY CASCADE")
    for network in NETWORKS:
        command("lease4-wipe", **{"subnet-id": network.kea_subnet_id})


def wait() -> None:
    """Returns when DHCP answers its control socket."""
    waiting.until(ready, "Kea answers", 30, paths.LOG / "kea-dhcp4.log")
