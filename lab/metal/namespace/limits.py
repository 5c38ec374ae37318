"""How fast a server's processor and disks are, held by the kernel: one server's burn-in does not slow the next one down.

Debian 12 has control groups version 2; older set-ups and some containers have version 1, one hierarchy a controller. Where there
is none that can be written, servers run without a limit.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_NAME = "turnup-lab"
_PERIOD = 100_000  # microseconds

CPU, DISK = "cpu", "io"  # as version 2 names them
_V1 = {CPU: ("cpu", "cpu,cpuacct"), DISK: ("blkio",)}
SHARE = int(os.environ.get("TURNUP_LAB_CPU_PERCENT", "50"))  # of one core, a server
SLOW_DISK = 40  # operations a second, each of reading and writing, with the fault slow-disk


def _version_2() -> bool:
    return (_ROOT / "cgroup.controllers").exists()


def _group(name: str, controller: str) -> Path:
    """The server's group; in version 2 the same for every controller."""
    parent = _ROOT if _version_2() else next((_ROOT / one for one in _V1[controller] if (_ROOT / one).is_dir()), _ROOT)
    return parent / _NAME / name


def enter(name: str, controller: str) -> bool:
    """Puts this process, and all it will start, into the server's group; False where the machine does not let us."""
    group = _group(name, controller)
    try:
        if _version_2():
            for folder in (_ROOT, group.parent):
                folder.mkdir(exist_ok=True)
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True


def cpu(name: str, percent: int) -> None:
    """The processor's share of one core from now on, for all that runs in the group."""
    group, quota = _group(name, CPU), percent * _PERIOD // 100
    with suppress(OSError):
        if _version_2():
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))


def disk(name: str, device: Path, operations: int | None) -> bool:
    """Operations a second on a block device from now on, None for no limit; False where the machine does not let us."""
    number = device.stat().st_rdev
    which, group = f"{os.major(number)}:{os.minor(number)}", _group(name, DISK)
    try:
        if _version_2():
            (group / "io.max").write_text(f"{which} riops={operations or 'max'} wiops={operations or 'max'}")
        else:
            for way in ("read", "write"):
                (group / f"blkio.throttle.{way}_iops_device").write_text(f"{which} {operations or 0}")
    except OSError:
        return False
    return True


def remove(name: str) -> None:
    """The groups are gone, and the lab's with the last one."""
    for controller in (CPU, DISK):
        for folder in (_group(name, controller), _group(name, controller).parent):
            with suppress(OSError):
                folder.rmdir()
