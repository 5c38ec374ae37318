"""A server's firmware: from power-on to the image's init, or to a line on the console that says why not.

It asks Kea for an address, fetches the boot script of its MAC over HTTP, follows it, and remembers on its flash what it
booted: without a boot script (404) it boots that again, as usual. Standard library only: it becomes the image's PID 1.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from lab.datacenter import NIC, Server
from lab.metal import dhcp_client, faults, images, ipxe, nvram
from lab.metal.event_log import CRITICAL, EventLog
from lab.metal.folder import Folder
from lab.metal.namespace import disks
from lab.metal.serial_console import SerialConsole

_HTTP_SECONDS = 20.0
_RETRY = 10.0  # seconds between two tries to boot
MISSING = "X-Lab-Missing"  # to a request with this header the lab's nginx answers 404
_LARGEST = 256 * 1024 * 1024  # bytes of one file
Start = Callable[[Server, Path, str], NoReturn]  # server, initial RAM disk, kernel command line


class NoBoot(Exception):
    """Why nothing was booted, as the console says it."""


class NotFound(NoBoot):
    """The web server has no such file."""


def run(server: Server, start: Start) -> NoReturn:
    """Boots what there is to boot. Where there is nothing it says why and tries again, as servers in racks are set to."""
    firmware = Firmware(server)
    try:
        start(server, *firmware.booted())
    except Exception as error:  # whatever it is, an engineer reads it on the console
        firmware.console.say(f"{type(error).__name__}: {error}\nsystem halted")
        firmware.events.add(f"System halted: {type(error).__name__}: {error}", CRITICAL)
    while True:
        signal.pause()


class Firmware:
    """The boot of one server, up to the image's init."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.folder = Folder(server)
        self.console = SerialConsole(self.folder.console)
        self.events = EventLog(self.folder.events)
        self._remembered = self.folder.flash / "boot.json"
        self._initrd = self.folder.flash / "initrd.img"
        self._live = self.folder.flash / "live.img"

    def booted(self) -> tuple[Path, str]:
        """What `boot` answers, after as many tries as it takes. The event log gets each reason once."""
        model, nics = self.server.generation.name, " and ".join(self.server.nics.values())
        self.console.say(f"{model}, serial {self.server.serial}, asset tag {self.server.asset_tag}, NIC {nics}")
        target = nvram.take(self.folder.nvram)
        last = ""
        while True:
            try:
                return self.boot(target)
            except NoBoot as reason:
                self.console.say(f"{reason}\nno bootable device, next try in {_RETRY:.0f} s")
                if str(reason) != last:
                    self.events.add(f"No bootable device: {reason}", CRITICAL)
                last = str(reason)
            time.sleep(_RETRY)

    def boot(self, target: str) -> tuple[Path, str]:
        """The initial RAM disk and the kernel command line of what is to be booted; `target` as `nvram` names it."""
        script, initrd = (target != nvram.DISK and self._from_network()) or self._from_disk()
        words = script.arguments
        if faults.active(self.server, "nonce-lost"):
            words = script.without_nonce().arguments
        return initrd, " ".join(words)

    def _from_network(self) -> tuple[ipxe.Script, Path] | None:
        """The boot script's boot and its RAM disk; None where there is no script and the server boots as usual."""
        url = self._address().get("filename")
        if not url:
            self.console.say("DHCP names no boot file: booting as usual")
            return None
        try:
            text = self._fetch(url)
        except NotFound:
            self.console.say("no boot script for this server: booting as usual")
            return None
        try:
            script = ipxe.parse(text.decode(errors="replace"))
        except ipxe.BadScript as error:
            raise NoBoot(f"boot script refused: {error}") from None
        if not self._fetch(script.kernel, missing=faults.active(self.server, "no-image")).startswith(images.KERNEL_MAGIC):
            raise NoBoot(f"{script.kernel} is not a kernel")
        initrd = self._fetch(script.initrd)
        live = f"/{images.ACCEPTANCE}/" in script.kernel  # runs in memory, and leaves what is on the disk as it is
        kept = self._live if live else self._initrd
        if live:
            kept.write_bytes(initrd)
        else:
            self._remember(script, initrd)
        self.console.say(f"booting {script.kernel} {script.command_line}")
        self.events.add(f"Boot from network: {script.kernel}")
        return script, kept

    def _from_disk(self) -> tuple[ipxe.Script, Path]:
        if not disks.bootable(self.folder.disk(disks.BOOT)):
            raise NoBoot("no operating system on the disk: it is empty")
        try:
            script = ipxe.Script(**json.loads(self._remembered.read_text()))
        except (OSError, ValueError, TypeError):
            raise NoBoot("nothing was ever booted from the network: the disk is empty") from None
        self.console.say(f"booting from disk: {script.kernel} {script.command_line}")
        self.events.add(f"Boot from disk: {script.kernel}")
        return script, self._initrd

    def _remember(self, script: ipxe.Script, initrd: bytes) -> None:
        """The next boot without a script starts the same image, without the nonce that was for this boot only."""
        usual = script.without_nonce()
        kept = {"kernel": usual.kernel, "initrd": usual.initrd, "arguments": usual.arguments}
        for file, content in ((self._initrd, initrd), (self._remembered, json.dumps(kept).encode())):
            new = file.with_suffix(".new")
            new.write_bytes(content)
            new.replace(file)
        disks.make_bootable(self.folder.disk(disks.BOOT))

    def _address(self) -> dict[str, str]:
        """The lease that Kea gave; its values by dhclient's names."""
        if faults.active(self.server, "no-dhcp"):
            raise NoBoot(f"PXE: {NIC} sends nothing (fault no-dhcp)")
        state = self.folder.path / "dhcp"
        state.mkdir(exist_ok=True)
        for file in state.iterdir():
            file.unlink()
        began = time.monotonic()
        command = dhcp_client.command(NIC, state, "-1", "-d")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
            for line in client.stdout or ():
                if line.startswith(("DHCP", "bound")):
                    self.console.say(line, "PXE")
                if line.startswith("bound"):
                    client.kill()  # the operating system runs its own
        lease = dhcp_client.lease(state)
        if not lease:
            raise NoBoot(f"PXE-E51: no DHCP offers were received in {time.monotonic() - began:.0f} s")
        self.console.say(f"address {lease.get('ip_address')}, boot file {lease.get('filename', 'none')}", "PXE")
        return lease

    def _fetch(self, url: str, *, missing: bool = False) -> bytes:
        """The file at an http:// address. `missing`: the web server is to say that it has none (fault no-image)."""
        where = urlsplit(url)
        if where.scheme != "http" or not where.hostname:
            raise NoBoot(f"not an http:// address: {url[:80]}")
        connection = HTTPConnection(where.hostname, where.port or 80, timeout=_HTTP_SECONDS)
        try:
            connection.request("GET", where.path or "/", headers={MISSING: "yes"} if missing else {})
            answer = connection.getresponse()
            content = answer.read(_LARGEST)
        except (OSError, HTTPException) as error:
            raise NoBoot(f"{url}: {error}") from None
        finally:
            connection.close()
        self.console.say(f"{url}: {answer.status} {answer.reason}, {len(content)} bytes")
        if answer.status == 404:
            raise NotFound(f"{url}: not found")
        if answer.status != 200:
            raise NoBoot(f"{url}: {answer.status} {answer.reason}")
        return content
