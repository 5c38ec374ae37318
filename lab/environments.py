"""The virtual environments of NetBox, Salt and Airflow, made from their locks and made again when a lock changes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from lab import configuration, console, paths, waiting
from lab.errors import LabError

LOCKS = paths.CHECKOUT / "lab" / "locks"
_PROJECT = paths.CHECKOUT / "pyproject.toml"


def lock(environment: str) -> Path:
    """Its lock file."""
    return LOCKS / f"{environment}.txt"


def make(environment: str) -> None:
    """The environment holds exactly what its lock says."""
    stamp, wanted = paths.ENV / environment / "lock", configuration.digest(lock(environment))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with console.step("python", f"installing the environment `{environment}` (log: {_log(environment)})"):
        _uv(environment, "venv", "--clear", "--python", sys.executable, str(paths.ENV / environment))
        _install(environment, "--require-hashes", "--requirements", str(lock(environment)))
        configuration.write(stamp, wanted, 0o644)


def project_digest() -> str:
    """A short hash over what decides how turnup is installed: not over the settings of its linters."""
    project = tomllib.loads(_PROJECT.read_text())
    decisive = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("hatch")]
    return hashlib.sha256(repr([decisive, lock("airflow").read_text()]).encode()).hexdigest()[:12]


def install_project() -> None:
    """`turnup` is importable in Airflow's environment, from this checkout, with its entry points."""
    stamp, wanted = paths.ENV / "airflow" / "project", project_digest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with console.step("python", "installing turnup into the environment `airflow`"):
        # What builds it is in the lock: nothing is fetched here.
        _install("airflow", "--no-deps", "--no-build-isolation", "--editable", str(paths.CHECKOUT))
        configuration.write(stamp, wanted, 0o644)


def _install(environment: str, *arguments: str) -> None:
    _uv(environment, "pip", "install", "--python", str(paths.python(environment)), *arguments)


def _uv(environment: str, *arguments: str) -> None:
    log = _log(environment)
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    settings.pop("VIRTUAL_ENV", None)
    if index := _pip_index():
        settings.setdefault("UV_DEFAULT_INDEX", index)
    with log.open("a") as file:
        command = [str(paths.python("lab")), "-m", "uv", *arguments]
        done = subprocess.run(command, env=settings, stdout=file, stderr=file, check=False)
    if done.returncode:
        raise LabError(f"The environment `{environment}` could not be installed. The end of {log}:\n{waiting.tail(log)}")


def _pip_index() -> str:
    """The package index that pip is configured for: uv does not read pip's configuration by itself."""
    command = [str(paths.python("lab")), "-m", "pip", "config", "get", "global.index-url"]
    return os.environ.get("PIP_INDEX_URL") or subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _log(environment: str) -> Path:
    return paths.LOG / f"environment-{environment}.log"
