"""Airflow: api-server, scheduler with LocalExecutor, dag-processor, triggerer; metadata in PostgreSQL, real logins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence

import requests

from lab import configuration, console, environments, paths, waiting
from lab.errors import LabError
from lab.ports import port
from lab.secrets import fernet_key, secret
from lab.services import postgres
from lab.supervisor import ENVIRONMENT, Program

NAME = "airflow"
# Airflow's: a `user` may start flows, not change settings. Who asked never approves, so there is an `approver`.
ROLES = {"admin": "admin", "operator": "user", "approver": "user", "viewer": "viewer"}
HOME = paths.ETC / "airflow"
_CONFIG = HOME / "airflow.cfg"
_PASSWORDS = HOME / "passwords.json"
_MIGRATED = paths.VAR / "airflow-migrated"


def password(user: str) -> str:
    """Of one of `ROLES`."""
    return secret(f"airflow_{user}", 16)


def _sections() -> dict[str, dict[str, object]]:
    return {
        "core": {
            "executor": "turnup.orchestration.local_executor.ForgivingLocalExecutor",
            "parallelism": 6,
            "max_active_tasks_per_dag": 32,
            "dags_folder": paths.CHECKOUT / "dags",
            "plugins_folder": paths.CHECKOUT / "plugins",
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "fernet_key": fernet_key(),
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in ROLES.items()),
            "simple_auth_manager_passwords_file": _PASSWORDS,
            "execution_api_server_url": f"{url()}/execution/",
            "min_serialized_dag_update_interval": 5,
            "hostname_callable": "socket.gethostname",
            "test_connection": "Enabled",
        },
        "database": {"sql_alchemy_conn": postgres.url("airflow").replace("postgresql:", "postgresql+psycopg2:")},
        "api": {
            "host": "127.0.0.1",
            "port": port(NAME),
            "base_url": url(),
            "secret_key": secret("airflow_api"),
            "workers": 1,
            "instance_name": "turnup lab",
        },
        "api_auth": {"jwt_secret": secret("airflow_jwt", 64)},
        "dag_processor": {"refresh_interval": 10, "min_file_process_interval": 20, "parsing_processes": 1},
        # What a crash leaves behind is found within half a minute, not after Airflow's five.
        "scheduler": {
            "enable_health_check": False,
            "task_instance_heartbeat_timeout": 30,
            "task_instance_heartbeat_sec": 5,
            "task_instance_heartbeat_timeout_detection_interval": 5,
            "orphaned_tasks_check_interval": 15,
            "scheduler_health_check_threshold": 20,
            "task_queued_timeout": 60,
            "task_queued_timeout_check_interval": 15,
        },
        "triggerer": {"triggerer_health_check_threshold": 20},
        "logging": {
            "base_log_folder": paths.LOG / "airflow",
            "dag_processor_child_process_log_directory": paths.LOG / "airflow" / "dag_processor",
            "worker_log_server_port": port("airflow_task_logs"),
            "trigger_log_server_port": port("airflow_trigger_logs"),
            "colored_console_log": False,
        },
        "usage_data_collection": {"enabled": False},
        "turnup": {"report_store": paths.REPORTS.as_uri(), "inventory": paths.CHECKOUT / "inventory"},
    }


def configure() -> None:
    """Write its configuration."""
    lines = []
    for section, options in _sections().items():
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in options.items()), ""]
    configuration.write(_CONFIG, "\n".join(lines))
    configuration.write(_PASSWORDS, json.dumps({user: password(user) for user in ROLES}) + "\n")
    for folder in (paths.REPORTS, paths.LOG / "airflow", paths.CHECKOUT / "dags"):
        folder.mkdir(parents=True, exist_ok=True)


def environment() -> dict[str, str]:
    """What Airflow's programs are started with."""
    return {
        "AIRFLOW_HOME": str(HOME),
        "PATH": f"{paths.ENV / 'airflow' / 'bin'}:{ENVIRONMENT['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    command = str(paths.ENV / "airflow" / "bin" / "airflow")
    # The triggerer and the API server keep turnup's modules as they were when they started.
    package = sorted((paths.CHECKOUT / "plugins").rglob("*.py"))
    summary = configuration.digest(_CONFIG, _PASSWORDS, *package) + environments.project_digest()
    variables = environment() | {"LAB_CONFIG": summary}
    names = ("api-server", "scheduler", "dag-processor", "triggerer")
    return [Program(f"airflow-{name}", [command, name], variables, HOME, stop_seconds=20) for name in names]


def url() -> str:
    """Where it answers."""
    return f"http://127.0.0.1:{port(NAME)}"


def run(*arguments: str, stdin: str = "") -> str:
    """Runs `airflow ...` and returns what it printed; raises `LabError` when it fails."""
    command = [str(paths.ENV / "airflow" / "bin" / "airflow"), *arguments]
    variables = ENVIRONMENT | environment()
    done = subprocess.run(command, input=stdin, env=variables, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`airflow {' '.join(arguments)}` failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout


def prepare() -> None:
    """The metadata database has this version's schema."""
    wanted = configuration.digest(environments.lock("airflow"))
    if _MIGRATED.exists() and _MIGRATED.read_text() == wanted:
        return
    with console.step("airflow", "migrating its database"):
        run("db", "migrate")
    configuration.write(_MIGRATED, wanted, 0o644)


def health() -> dict[str, str]:
    """What Airflow says of its parts: `healthy` or else; empty while it does not answer."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{url()}/api/v2/monitor/health", timeout=5).json()
    except (requests.RequestException, ValueError):
        return {}
    return {name: str((part or {}).get("status")) for name, part in answer.items()}


def ready() -> bool:
    """Whether it answers."""
    parts = health()
    return bool(parts) and all(
        parts.get(name) == "healthy" for name in ("metadatabase", "scheduler", "dag_processor", "triggerer")
    )


def wait() -> None:
    """Returns when all four parts say that they are healthy."""
    waiting.until(lambda: bool(health()), "Airflow's API server answers", 120, paths.LOG / "airflow-api-server.log")
    waiting.until(ready, "Airflow's scheduler, dag-processor and triggerer are healthy", 90, paths.LOG / "airflow-scheduler.log")
