"""What Redfish tells about a server of the lab, and does with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sushy_tools import error
from sushy_tools.emulator import main as emulator
from sushy_tools.emulator.resources.systems.fakedriver import FakeDriver

from lab.datacenter import MANUFACTURER, Server
from lab.metal import faults, kind, nvram, smbios
from lab.metal.folder import Folder
from lab.metal.nvram import BootSetting


class ServerDriver(FakeDriver):
    """One system: the server that this BMC sits in. Its power is read from the metal, never kept here.

    The parent's constructor is left out: it opens a database of systems that all emulators of this machine would share.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.metal = kind.of(server)
        self.nvram = Folder(server).nvram
        self._switch = threading.Lock()

    @property
    def systems(self) -> list[str]:
        return [self.server.uuid]

    def uuid(self, identity: str) -> str:
        if identity == self.server.name:
            raise error.AliasAccessError(self.server.uuid)
        if identity != self.server.uuid:
            raise error.NotFound(f"There is no system {identity} here")
        return self.server.uuid

    def name(self, identity: str) -> str:
        self.uuid(identity)
        return self.server.name

    def label(self) -> dict[str, str]:
        """What is printed on the server, by Redfish's names."""
        mounted = faults.swapped_with(self.server) or self.server
        wrong = faults.active(self.server, "bmc-serial")
        return {
            "Manufacturer": MANUFACTURER,
            "Model": self.server.generation.name,
            "SerialNumber": smbios.WRONG_SERIAL if wrong else mounted.serial,
            "AssetTag": mounted.asset_tag,
        }

    def health(self) -> str:
        """In Redfish's words."""
        return "Critical" if faults.active(self.server, "bmc-health") else "OK"

    def boot(self) -> BootSetting:
        """The boot setting that is in force."""
        return nvram.read(self.nvram)

    def get_power_state(self, identity: str) -> str:
        self.uuid(identity)
        return "On" if self.metal.is_on() else "Off"

    def set_power_state(self, identity: str, state: str) -> None:
        """At once, except what an operating system takes its time for. A server that is off cannot be restarted."""
        self.uuid(identity)
        actions: dict[str, Callable[[], None]] = {
            "On": self.metal.power_on,
            "ForceOn": self.metal.power_on,
            "ForceOff": self.metal.power_off,
            "ForceRestart": self._force_restart,
            "GracefulShutdown": self.metal.shut_down,
            "GracefulRestart": self._graceful_restart,
        }
        if state not in actions:
            raise error.BadRequest(f"ResetType {state} is not supported. Known: {', '.join(actions)}")
        if state.endswith("Restart") and not self.metal.is_on():
            raise error.Conflict("The server is off")
        action = actions[state]
        if state.startswith("Graceful"):
            threading.Thread(target=self._switched, args=(action,)).start()
        else:
            self._switched(action)

    def _switched(self, action: Callable[[], None]) -> None:
        with self._switch:
            action()

    def _force_restart(self) -> None:
        self.metal.power_off()
        self.metal.power_on()

    def _graceful_restart(self) -> None:
        self.metal.shut_down()
        self.metal.power_on()

    def get_boot_device(self, identity: str) -> str:
        self.uuid(identity)
        return self.boot().target

    def set_boot_device(self, identity: str, boot_source: str) -> None:
        """Target and for how long: sushy-tools hands over the target alone, the rest is in the request."""
        self.uuid(identity)
        asked = emulator.flask.request.get_json()["Boot"]
        enabled = str(asked.get("BootSourceOverrideEnabled", nvram.ONCE))
        if boot_source not in nvram.TARGETS or enabled not in nvram.ENABLED:
            raise error.BadRequest(f"Boot from {boot_source}, {enabled}: not supported. Known: {', '.join(nvram.TARGETS)}")
        nvram.write(self.nvram, BootSetting() if enabled == nvram.DISABLED else BootSetting(boot_source, enabled))

    def get_boot_mode(self, identity: str) -> str:
        self.uuid(identity)
        return "UEFI"

    def set_boot_mode(self, identity: str, boot_mode: str) -> None:
        self.uuid(identity)
        if boot_mode != "UEFI":
            raise error.BadRequest(f"Boot mode {boot_mode} is not supported. Known: UEFI")

    def get_nics(self, identity: str) -> list[dict[str, str]]:
        self.uuid(identity)
        return [{"id": str(number), "mac": mac} for number, mac in enumerate(self.server.nics.values(), start=1)]
