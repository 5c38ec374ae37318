"""A server's share of the processor, held by the kernel: one server's burn-in does not slow the next one down.

Debian 12 has control groups version 2; older set-ups and some containers have version 1. Where there is none that can be
written, servers run without a limit.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_V1 = (_ROOT / "cpu", _ROOT / "cpu,cpuacct")
_NAME = "turnup-lab"
_PERIOD = 100_000  # microseconds

SHARE = int(os.environ.get("TURNUP_LAB_CPU_PERCENT", "50"))  # of one core, a server
SLOW = 10  # the same, of a server with the fault slow-cpu


def _group(name: str) -> Path:
    parent = _ROOT if _version_2() else next((path for path in _V1 if path.is_dir()), _ROOT)
    return parent / _NAME / name


def _version_2() -> bool:
    return (_ROOT / "cgroup.controllers").exists()


def enter(name: str, percent: int) -> bool:
    """Puts this process, and all it will start, into the server's group; False where the machine does not let us."""
    group, quota = _group(name), percent * _PERIOD // 100
    try:
        if _version_2():
            for folder in (_ROOT, group.parent):
                folder.mkdir(exist_ok=True)
                (folder / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir(parents=True, exist_ok=True)
        if _version_2():
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True


def remove(name: str) -> None:
    """The group is gone, and the lab's with the last one."""
    for folder in (_group(name), _group(name).parent):
        with suppress(OSError):
            folder.rmdir()
