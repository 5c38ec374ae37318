"""A server made of namespaces, seen from its power supply."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lab import paths
from lab.datacenter import Server
from lab.metal import faults
from lab.metal.event_log import EventLog
from lab.metal.folder import Folder
from lab.metal.namespace import disks, limits
from lab.metal.namespace.wire import Wire
from lab.metal.serial_console import SerialConsole

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE = 10.0  # seconds that an operating system has to shut down
_STARTS_WITHIN = 60.0  # seconds; a machine under load starts a process late


class NamespaceServer:
    """One server; see `lab.metal.kind.Metal` for what each method promises."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.folder = Folder(server)
        self.console = SerialConsole(self.folder.console)
        self.events = EventLog(self.folder.events)
        bridge = server.rack.network.bridge
        ports = (f"{server.namespace}-{end}" for end in ("n", "m"))
        wires = zip(server.nics.items(), ports, strict=False)
        self.wires = [Wire(server.namespace, name, mac, bridge, port) for (name, mac), port in wires]
        self.wire = self.wires[0]

    def build(self) -> None:
        self.folder.make()
        for wire in self.wires:
            wire.plug()
        with self._power():
            if not self.is_on():  # of a lab that was killed a server may run on, whose PID 1 nobody knows any more
                self.wire.evict()
                self.wire.quiet()
        for name in disks.NAMES:
            disks.attach(self.folder.disk(name))

    def remove(self) -> None:
        with self._power():
            self._end(signal.SIGKILL, "the rack loses its power")
        for wire in self.wires:
            wire.unplug()
        for name in disks.NAMES:
            disks.detach(self.folder.disk(name))
        limits.remove(self.server.namespace)

    def is_on(self) -> bool:
        return self._pid() is not None

    def power_on(self) -> None:
        with self._power():
            self.folder.wanted_power.touch()
            self._start()

    def resume(self) -> bool:
        with self._power():
            if self.is_on() or not self.folder.wanted_power.exists():
                return False
            self._start()
            return True

    def _start(self) -> None:
        if not self.is_on():
            self.folder.pid.unlink(missing_ok=True)
            self.console.rotate()
            self.console.say("power on", "metal")
            self.events.add("Power on")
            command = [sys.executable, "-B", "-m", "lab.metal.namespace.boot", self.server.name]
            environment = {"PATH": _PATH, "PYTHONPATH": str(paths.CHECKOUT), "TURNUP_LAB_STATE": str(paths.STATE)}
            if "TURNUP_LAB_CPU_PERCENT" in os.environ:
                environment["TURNUP_LAB_CPU_PERCENT"] = os.environ["TURNUP_LAB_CPU_PERCENT"]
            nothing = subprocess.DEVNULL
            with self.folder.console.open("a") as console:
                subprocess.run(
                    command,
                    env=environment,
                    stdin=nothing,
                    stdout=nothing,
                    stderr=console,
                    timeout=_STARTS_WITHIN,
                    check=True,
                    start_new_session=True,
                )

    def heed_faults(self) -> None:
        if self.is_on():
            self.limit(slow_disk=faults.active(self.server, "slow-disk"))
        if not faults.active(self.server, "disk-read-only") and (device := disks.device_of(self.folder.disk(disks.FAULTY))):
            disks.protect(device, on=False)

    def fit_disks(self) -> None:
        """The first disk is as faults say. In the server's mount namespace, before there is a root in it."""
        file = self.folder.disk(disks.FAULTY)
        if faults.active(self.server, "disk-failing"):
            disks.put_failing(file)
        elif device := disks.device_of(file):
            disks.protect(device, on=faults.active(self.server, "disk-read-only"))

    def limit(self, *, slow_disk: bool) -> None:
        """Processor and disk are as fast as this server's are."""
        limits.cpu(self.server.namespace, limits.SHARE)
        if device := disks.device_of(self.folder.disk(disks.SCRATCH)):
            limits.disk(self.server.namespace, device, limits.SLOW_DISK if slow_disk else None)

    def power_off(self) -> None:
        with self._power():
            self.folder.wanted_power.unlink(missing_ok=True)
            self._end(signal.SIGKILL, "power off")

    def shut_down(self) -> None:
        with self._power():
            self.folder.wanted_power.unlink(missing_ok=True)
            if not self._end(signal.SIGTERM, "power button pressed"):
                self._end(signal.SIGKILL, "did not shut down, power off")

    def _end(self, number: signal.Signals, text: str) -> bool:
        """Whether the server is off after the signal. Strays in its network namespace have no PID 1 and are ended as well."""
        if pid := self._pid():
            self.console.say(text, "metal")
            self.events.add(text.capitalize())
            with suppress(ProcessLookupError):
                process = os.pidfd_open(pid)
                try:
                    signal.pidfd_send_signal(process, number)
                    if not select.select([process], [], [], _PATIENCE)[0]:
                        return False
                finally:
                    os.close(process)
        self.wire.evict()
        self.wire.quiet()
        disks.take_failing_out(self.folder.disk(disks.FAULTY))
        self.folder.pid.unlink(missing_ok=True)
        return True

    def _pid(self) -> int | None:
        """PID 1 of the server, if it runs. The id may have gone to another process since: its start time tells."""
        with suppress(OSError, ValueError):
            pid, started = self.folder.pid.read_text().split()
            if start_time(int(pid)) == int(started):
                return int(pid)
        return None

    @contextmanager
    def _power(self) -> Iterator[None]:
        """One hand on the switch at a time, of whatever process."""
        self.folder.make()
        with self.folder.power_lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def start_time(pid: int) -> int | None:
    """When the process began, in clock ticks since the machine's start; None for one that ended."""
    with suppress(OSError):
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - quick, and asked often
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    return None
