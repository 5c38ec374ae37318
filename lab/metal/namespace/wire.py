"""Network namespaces, and the cables from them to the bridges."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAMESPACES = Path("/run/netns")


@dataclass(frozen=True)
class Wire:
    """A namespace with an interface, cabled to a bridge: `port` is the cable's end there. Another Wire adds a second one."""

    namespace: str
    interface: str
    mac: str
    bridge: str
    port: str

    @property
    def path(self) -> Path:
        return NAMESPACES / self.namespace

    def plug(self) -> None:
        """The namespace is there, its interface carries the MAC and is cabled to the bridge; no change where it was so."""
        if not exists(self.bridge):
            _ip(f"link add {self.bridge} type bridge stp_state 0 forward_delay 0", f"link set {self.bridge} up")
        if self.namespace not in names():
            self.path.unlink(missing_ok=True)
            _ip(f"netns add {self.namespace}")
            _ip("link set lo up", namespace=self.namespace)
        if not exists(self.port):
            end = f"address {self.mac} netns {self.namespace}"
            _ip(f"link add {self.port} type veth peer name {self.interface} {end}")
        _ip(f"link set {self.port} master {self.bridge} up")

    def unplug(self) -> None:
        """Neither cable nor namespace is left, nor anybody in it."""
        self.evict()
        if exists(self.port):
            _ip(f"link delete {self.port}")
        if self.namespace in names():
            _ip(f"netns delete {self.namespace}")
        else:
            self.path.unlink(missing_ok=True)

    def quiet(self) -> None:
        """The interface is down and has no address: what is off answers nothing."""
        if self.namespace in names():
            _ip(f"address flush dev {self.interface}", f"link set {self.interface} down", namespace=self.namespace)

    def evict(self) -> None:
        """Nobody runs in the namespace."""
        if self.namespace in names():
            command = ["ip", "netns", "pids", self.namespace]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            for pid in done.stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)


def exists(link: str) -> bool:
    """Whether this machine's own namespace has an interface of this name; /sys may show another's, so it is asked by ip."""
    return subprocess.run(["ip", "link", "show", "dev", link], capture_output=True, check=False).returncode == 0


def names() -> set[str]:
    """Every named network namespace of this machine; a container's restart leaves their files, which are no mounts then."""
    if not NAMESPACES.is_dir():
        return set()
    here = NAMESPACES.stat().st_dev
    return {file.name for file in NAMESPACES.iterdir() if _device(file) not in (here, 0)}


def _device(file: Path) -> int:
    """Of the file system that the file is of; 0 for one that is gone meanwhile."""
    try:
        return file.stat().st_dev
    except OSError:
        return 0


def _ip(*lines: str, namespace: str | None = None) -> None:
    where = ["-n", namespace] if namespace else []
    command = ["ip", *where, "-batch", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(where)}: {'; '.join(lines)}: {done.stderr.strip()}")
