"""The Debian packages that the lab runs on: what is there is used, what is missing is installed and left asleep."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lab import console, paths
from lab.errors import LabError

PACKAGES = {
    "postgresql": "NetBox's, Airflow's and Kea's databases",
    "redis-server": "NetBox's queue and cache",
    "kea-dhcp4-server": "DHCP",
    "kea-ctrl-agent": "Kea's control over HTTP",
    "kea-admin": "the schema of Kea's hosts database",
    "nginx-light": "boot scripts, images, NetBox's front",
    "haproxy": "the load balancer in front of the servers",
    "prometheus": "what turnup's metrics are scraped by, and the tests of its alerts",
    "isc-dhcp-client": "the DHCP client of servers and BMCs",
    "openssh-server": "the servers' SSH",
    "stress-ng": "burn-in",
    "fio": "burn-in",
    "iproute2": "bridges and namespaces",
    "iputils-ping": "reachability",
    "util-linux": "unshare, setpriv, losetup, blkdiscard",
    "python3": "what erases drives, in the acceptance image",
    "openssl": "signatures of the orders to erase",
    "procps": "ps, sysctl",
    "curl": "boot firmware over HTTP",
    "gcc": "compiling NetBox's PostgreSQL driver",
    "libc6-dev": "compiling NetBox's PostgreSQL driver",
    "libpq-dev": "compiling NetBox's PostgreSQL driver",
}
FOR_TESTS = {"chromium": "the browser in which the pages are tried"}
"""What the lab itself does without."""

_POLICY = Path("/usr/sbin/policy-rc.d")
_MARK = "# turnup lab: here only while it installs packages"
_SECONDS = 1800  # for apt-get, the wait for another one's lock among them
_LOG = paths.LOG / "packages.log"


def _missing(packages: Iterable[str]) -> list[str]:
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """While packages are installed none starts its service: the lab runs its own instances (policy-rc.d, Debian's way)."""
    if not _POLICY.exists():
        _POLICY.write_text(f"#!/bin/sh\n{_MARK}\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        let_services_start()


def let_services_start() -> None:
    """The lab's policy-rc.d is gone, also one that a killed command left; a file that is not the lab's stays."""
    if _POLICY.is_file() and _MARK in _POLICY.read_text(errors="replace"):
        _POLICY.unlink(missing_ok=True)


def install(packages: Iterable[str] = PACKAGES) -> None:
    """Every one of the packages is installed afterwards."""
    let_services_start()
    if not (missing := _missing(packages)):
        console.say("packages", "all there")
        return
    _LOG.parent.mkdir(parents=True, exist_ok=True)
    before = _installed()
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with console.step("packages", f"installing {', '.join(missing)}"), _nothing_starts(), _LOG.open("w") as log:
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            # `update` may fail for a source that is out of reach while the packages are still to be had: install decides.
            done = _apt_get(arguments, environment, log)
        _leave_asleep(_installed() - before)
    if done.returncode:
        raise LabError(f"apt-get could not install {', '.join(missing)}: see {_LOG}, then run it again.")


def _apt_get(arguments: list[str], environment: dict[str, str], log: TextIO) -> subprocess.CompletedProcess[bytes]:
    """Asks nothing, removes nothing, waits for another apt-get to end, but not for ever."""
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "--no-remove", *arguments]
    nothing = subprocess.DEVNULL
    try:
        return subprocess.run(command, env=environment, stdin=nothing, stdout=log, stderr=log, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(command)}` did not end within {_SECONDS // 60} minutes: see {_LOG}.") from None


def _installed() -> set[str]:
    """Every package of this machine."""
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}


def _leave_asleep(new: set[str]) -> None:
    """Units of packages that came new do not start at the next boot either; those that were there before are left alone."""
    if not new or not Path("/run/systemd/system").is_dir():
        return
    files = subprocess.run(["dpkg-query", "--listfiles", *sorted(new)], capture_output=True, text=True, check=False).stdout
    found = [Path(line) for line in files.splitlines() if "/lib/systemd/system/" in line]
    units = sorted({path.name for path in found if path.suffix in (".service", ".socket", ".timer") and "@" not in path.name})
    if units:
        subprocess.run(["systemctl", "disable", "--quiet", *units], stdin=subprocess.DEVNULL, capture_output=True, check=False)
