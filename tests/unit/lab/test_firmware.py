from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab import paths
from lab.datacenter import SERVERS
from lab.metal import firmware, images, nvram
from lab.metal.firmware import NoBoot, NotFound
from lab.metal.folder import Folder
from lab.metal.namespace import disks

SERVER = SERVERS[0]
SCRIPT = "http://boot/script"


class Firmware(firmware.Firmware):
    """With a lease, and files instead of a web server."""

    files: dict[str, bytes]

    def _address(self) -> dict[str, str]:
        return {"filename": SCRIPT}

    def _fetch(self, url: str, *, missing: bool = False) -> bytes:
        if url not in self.files or missing:
            raise NotFound(url)
        return self.files[url]


Boot = Callable[..., tuple[bytes, str]]


@pytest.fixture
def boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Boot:
    """Boots with a boot script for that image, or without one; answers the RAM disk and the command line."""
    monkeypatch.setattr(paths, "METAL", tmp_path)
    folder = Folder(SERVER)
    folder.make()
    for name in disks.NAMES:
        with folder.disk(name).open("wb") as disk:
            disk.truncate(disks.SIZE)

    def booted(image: str = "", target: str = "None") -> tuple[bytes, str]:
        one = Firmware(SERVER)
        where = f"http://images/{image}"
        script = f"#!ipxe\nkernel {where}/vmlinuz a=1 turnup.nonce=n\ninitrd {where}/initrd.img\nboot\n".encode()
        files = {SCRIPT: script, f"{where}/vmlinuz": images.KERNEL_MAGIC, f"{where}/initrd.img": image.encode()}
        one.files = files if image else {}
        ramdisk, command_line = one.boot(target)
        return ramdisk.read_bytes(), command_line

    return booted


def test_a_new_server_boots_nothing_without_a_script(boot: Boot) -> None:
    with pytest.raises(NoBoot, match="it is empty"):
        boot()


def test_what_was_installed_boots_as_usual_without_the_nonce(boot: Boot) -> None:
    assert boot(images.PRODUCTION) == (b"production", "a=1 turnup.nonce=n")
    assert boot() == boot(target=nvram.DISK) == (b"production", "a=1")


def test_the_acceptance_image_runs_in_memory_and_the_system_on_the_disk_stays(boot: Boot) -> None:
    boot(images.PRODUCTION)
    assert boot(images.ACCEPTANCE) == (b"acceptance", "a=1 turnup.nonce=n")
    assert boot() == (b"production", "a=1")


def test_a_disk_that_was_wiped_boots_nothing(boot: Boot) -> None:
    boot(images.PRODUCTION)
    disks.blank(Folder(SERVER).disk(disks.BOOT))
    with pytest.raises(NoBoot, match="it is empty"):
        boot()
    with pytest.raises(NoBoot, match="it is empty"):
        boot(target=nvram.DISK)
