"""Every file in dags/: Airflow reads them again and again, in a process that has other things to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = ("pepper", "paramiko", "sushy", "pynetbox", "psycopg", "requests")


def test_reading_the_dag_files_imports_no_adapter_and_opens_no_connection() -> None:
    program = f"""
import json, runpy, socket, sys
def refuse(*_): raise AssertionError("a DAG file opened a connection")
socket.socket.connect = refuse
found = {{}}
for file in {[str(file) for file in FILES]!r}:
    runpy.run_path(file)
    found[file] = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHONPATH": str(ROOT / "plugins"), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {str(file): [] for file in FILES}
