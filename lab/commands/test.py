"""`./lab/test`: lint, types, then unit, contract and lab tests; ends with pytest's summary."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lab import console, environments, paths, prerequisites
from lab.commands import up
from lab.services import airflow
from lab.supervisor import ENVIRONMENT

CHECKS = (
    ("lint", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
)
NEED_THE_LAB = ("tests/contract", "tests/lab")
ALONE = tuple(
    f"tests/contract/test_{name}.py" for name in ("bmc", "boot_files", "erasure_agent", "records", "shell", "slots", "traffic")
)
"""Contracts with what they start themselves: like unit tests they run while the lab starts."""
SUITES = ("tests/unit", *ALONE, "tests/contract", "tests/lab")
NONE_CHOSEN = 5
"""pytest's exit code where the options leave no test."""


def main(arguments: Sequence[str]) -> int:
    """Arguments are pytest's; without a path among them it runs every suite. Exit code 0 only when all of it is right.

    What needs no lab runs while the lab starts: a new machine's NetBox migrates for minutes on one processor.
    """
    wanted = [argument for argument in arguments if argument != "--"]
    paths_given = [argument for argument in wanted if not argument.startswith("-") and "tests" in argument]
    options = [argument for argument in wanted if argument not in paths_given]
    targets = paths_given or list(SUITES)
    in_the_lab = [target for target in targets if target not in ALONE and any(suite in target for suite in NEED_THE_LAB)]
    elsewhere = [target for target in targets if target not in in_the_lab]
    done = [f"--ignore={target}" for target in elsewhere if target in ALONE]
    environments.make("airflow")
    environments.install_project()
    if elsewhere:
        prerequisites.install()
    codes = []
    with ThreadPoolExecutor() as pool:
        lab = pool.submit(_lab if in_the_lab else lambda: None)
        failed = [name for name, command in CHECKS if not _passes(name, command)]
        if elsewhere:
            codes.append(_tests(elsewhere, options, told_at_once=not in_the_lab))
    lab.result()
    if failed:
        console.warn(f"Not right, see above: {', '.join(failed)}. The tests run all the same; the exit code will be 1.")
    if in_the_lab:
        codes.append(_tests(in_the_lab, ["--durations=20", "--durations-min=10", *done, *options]))
    if len(codes) > 1 and codes[0]:
        console.warn("Not right, see above: the tests that need no lab.")
    return max([code for code in codes if code != NONE_CHOSEN] or codes) or int(bool(failed))


def _lab() -> None:
    """The lab is up, and what only its tests need is there."""
    up.run()
    prerequisites.install(prerequisites.FOR_TESTS)


def _tests(targets: Sequence[str], options: Sequence[str], *, told_at_once: bool = True) -> int:
    """pytest's exit code. What it says is printed in one piece where something else is being told meanwhile."""
    command = ["pytest", *targets, *options]
    if told_at_once:
        return run(command).returncode
    console.say("tests", f"{' '.join(targets)}, while the lab starts; what they say comes when they are through")
    done = run(command, stdout=subprocess.PIPE)
    print(done.stdout.decode(errors="replace"), end="", flush=True)
    return done.returncode


def _passes(name: str, command: Sequence[str]) -> bool:
    console.say(name, " ".join(command))
    return run(command).returncode == 0


def run(command: Sequence[str], stdout: int | None = None) -> subprocess.CompletedProcess[bytes]:
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
    return subprocess.run([python, "-m", *command], cwd=paths.CHECKOUT, env=variables, check=False, stdout=stdout)
