"""Runs a burn-in test on the server and returns all there is to judge it by. Programs outside the list are refused."""

import fcntl
import subprocess
import time

PROGRAMS = ("stress-ng", "fio")
"""What `run` may start. The function is callable through salt-api, so it must not be a general command runner."""

LOCK = "/run/turnup-burnin.lock"

OUTPUT_LIMIT = 200_000
"""Characters kept of each stream."""


def run(argv, timeout):
    """Start argv without a shell. Returns {"exit_code", "stdout", "stderr", "seconds"}; exit code 124 where time ran out.

    CLI example: salt -L <minion> turnup_burnin.run '["stress-ng", "--cpu", "1", "--timeout", "10s"]' 60
    """
    if not argv or argv[0] not in PROGRAMS:
        return {"exit_code": 126, "stdout": "", "stderr": f"not a burn-in program: {argv[:1]!r}", "seconds": 0.0}
    with open(LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one test at a time: two beside each other measure each other
        return _run(argv, timeout)


def _run(argv, timeout):
    began = time.monotonic()
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
        result = {"exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    except subprocess.TimeoutExpired:
        result = {"exit_code": 124, "stdout": "", "stderr": f"not finished after {timeout} s"}
    except FileNotFoundError:
        result = {"exit_code": 127, "stdout": "", "stderr": f"{argv[0]} is not in this image"}
    result["stdout"] = result["stdout"][:OUTPUT_LIMIT]
    result["stderr"] = result["stderr"][-OUTPUT_LIMIT:]
    result["seconds"] = round(time.monotonic() - began, 3)
    return result
