"""`./lab/test`: lint, types, then unit, contract and lab tests; ends with pytest's summary."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from lab import console, environments, paths
from lab.commands import up
from lab.services import airflow
from lab.supervisor import ENVIRONMENT

CHECKS = (
    ("lint", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
)
NEED_THE_LAB = ("tests/contract", "tests/lab")
SUITES = ("tests/unit", "tests/contract", "tests/lab")


def main(arguments: Sequence[str]) -> int:
    """Arguments are pytest's; without a path among them it runs every suite. Exit code 0 only when all of it is right."""
    wanted = [argument for argument in arguments if argument != "--"]
    paths_given = [argument for argument in wanted if not argument.startswith("-") and "tests" in argument]
    environments.make("airflow")
    environments.install_project()
    failed = [name for name, command in CHECKS if not _passes(name, command)]
    targets = paths_given or [suite for suite in SUITES if (paths.CHECKOUT / suite).is_dir()]
    if any(suite in target for target in targets for suite in NEED_THE_LAB):
        up.run()
    if failed:
        console.warn(f"Not right, see above: {', '.join(failed)}. The tests run all the same; the exit code will be 1.")
    rest = [argument for argument in wanted if argument not in paths_given]
    code = run(["pytest", *targets, *rest]).returncode
    return 1 if failed else code


def _passes(name: str, command: Sequence[str]) -> bool:
    console.say(name, " ".join(command))
    return run(command).returncode == 0


def run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """A tool of Airflow's environment, with an Airflow configuration of its own: tests leave the lab's settings alone."""
    home = paths.VAR / "airflow-tests"
    home.mkdir(parents=True, exist_ok=True)
    variables = (
        ENVIRONMENT
        | airflow.environment()
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(paths.CHECKOUT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(paths.CHECKOUT / "plugins"),
            "AIRFLOW__TURNUP__INVENTORY": str(paths.CHECKOUT / "inventory"),
            "TERM": os.environ.get("TERM", "dumb"),
        }
    )
    variables.pop("TURNUP_LAB")  # the mark of the lab's own processes, by which `down` finds them
    python = str(paths.python("airflow"))
    return subprocess.run([python, "-m", *command], cwd=paths.CHECKOUT, env=variables, check=False)
