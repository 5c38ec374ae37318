"""The files of one server: its disks, what its flash remembers, its console log, its BMC's certificate, its faults."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab import paths
from lab.datacenter import Server


@dataclass(frozen=True)
class Folder:
    """Where the files of one server are. Below `flash` is what an operating system keeps over a reboot."""

    server: Server

    @property
    def path(self) -> Path:
        return paths.METAL / self.server.name

    @property
    def console(self) -> Path:
        """What the serial console showed, every line with its time."""
        return self.path / "console.log"

    @property
    def events(self) -> Path:
        """The event log that the BMC keeps."""
        return self.path / "events.jsonl"

    @property
    def flash(self) -> Path:
        return self.path / "flash"

    @property
    def faults(self) -> Path:
        """One empty file a fault that is on."""
        return self.path / "faults"

    @property
    def bmc(self) -> Path:
        """What the BMC keeps for itself."""
        return self.path / "bmc"

    @property
    def root(self) -> Path:
        """An empty folder, where the server mounts its root in a namespace of its own."""
        return self.path / "root"

    @property
    def nvram(self) -> Path:
        return self.path / "nvram.json"

    @property
    def pid(self) -> Path:
        return self.path / "pid"

    @property
    def wanted_power(self) -> Path:
        """Is there while somebody wants the server to be on, also while the lab is down."""
        return self.path / "wanted-power"

    @property
    def power_lock(self) -> Path:
        return self.path / "power.lock"

    def disk(self, name: str) -> Path:
        return self.path / f"{name}.img"

    def make(self) -> None:
        """Every folder is there; the flash is root's alone because keys are in it."""
        for folder in (self.path, self.faults, self.bmc, self.root, self.flash):
            folder.mkdir(parents=True, exist_ok=True)
        self.flash.chmod(0o700)
        self.bmc.chmod(0o700)

    def forget(self) -> None:
        """As delivered: no boot setting, no fault, empty flash, console and event log. The BMC keeps its certificate."""
        for folder in (self.flash, self.faults):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.nvram, self.console, self.events, self.wanted_power):
            file.unlink(missing_ok=True)
        self.make()
