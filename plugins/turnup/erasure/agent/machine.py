"""What the agent asks of the server that it runs on: its marker, its identity, its drives. It reads only."""

from __future__ import annotations

import array
import errno
import fcntl
import hashlib
import os
import socket
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from turnup.erasure import capabilities as capability
from turnup.erasure import drives
from turnup.erasure.capabilities import Capabilities
from turnup.erasure.drives import Drive, Seen, Transport, Unreadable

MARKER, PUBLIC_KEY = Path("etc/turnup-acceptance"), Path("etc/turnup-order.pub")
_SIZE_OF = 0x80081272  # BLKGETSIZE64
_SECONDS = 60


def marker(public_key: bytes) -> str:
    """What the acceptance image's marker says: it belongs to the one key whose orders the image obeys."""
    return f"turnup acceptance image, obeys orders signed by the key {hashlib.sha256(public_key).hexdigest()}\n"


class Machine:
    """This server. `root` is / but in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.public_key = root / PUBLIC_KEY
        self.sys = root / "sys/block"

    def marker(self) -> str:
        """The marker that is there; nothing where there is none."""
        return _text(self.root / MARKER)

    def wanted_marker(self) -> str:
        """The marker that belongs to the key in this image; nothing where there is no key."""
        return marker(self.public_key.read_bytes()) if self.public_key.is_file() else ""

    def command_line(self) -> str:
        """The kernel's."""
        return _text(self.root / "proc/cmdline")

    def serial(self) -> str:
        """The server's serial number, from its firmware."""
        return output(("dmidecode", "-s", "system-serial-number")).strip()

    def hostname(self) -> str:
        """The name that it goes by."""
        return socket.gethostname()

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def drives(self) -> tuple[Seen, ...]:
        """Every drive. Without udev lsblk does not know all serial numbers: then the kernel or hdparm does."""
        mounts = _text(self.root / "proc/self/mountinfo")
        found = (drives.with_mounts(seen, mounts) for seen in drives.read(output(drives.LSBLK)))
        return tuple(replace(seen, drive=self._complete(seen.drive)) for seen in found)

    def _complete(self, drive: Drive) -> Drive:
        serial = drive.serial or _printable(_bytes(self.sys / drive.device / "device/vpd_pg80")[4:])
        serial = serial or _text(self.sys / drive.device / "serial").strip()
        if not serial and drive.transport is Transport.ATA:
            serial = capability.serial_from_hdparm(output(("hdparm", "-I", f"/dev/{drive.device}")))
        return replace(drive, serial=serial, slot=self._slot(drive))

    def _slot(self, drive: Drive) -> str:
        """Where a technician finds it: the enclosure's slot, else the bus address, else its name at this boot."""
        device = self.sys / drive.device / "device"
        for link in sorted(device.glob("enclosure_device:*")):
            return _text(link / "slot").strip() or link.name.partition(":")[2]
        return drive.slot or _text(device / "address").strip() or drive.device

    def capabilities(self, drive: Drive) -> Capabilities:
        """What the drive offers; what cannot be found out is not offered."""
        queue = self.sys / drive.device / "queue"
        found = Capabilities(
            read_only=_read_only(f"/dev/{drive.device}"),
            write_zeroes_max=_number(queue / "write_zeroes_max_bytes"),
            discard_granularity=_number(queue / "discard_granularity"),
            logical_block=_number(queue / "logical_block_size") or 512,
        )
        try:
            if drive.transport is Transport.NVME:
                found = replace(found, nvme=capability.id_ctrl(output(("nvme", "id-ctrl", f"/dev/{drive.device}", "-o", "json"))))
            elif drive.transport is Transport.ATA:
                found = replace(found, ata=capability.hdparm(output(("hdparm", "-I", f"/dev/{drive.device}"))))
        except Unreadable:
            pass
        return found

    def device_problem(self, drive: Drive) -> str:
        """What is wrong with the device of that name; nothing where it is a free block device of just that size."""
        path = self.root / "dev" / drive.device
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC)  # exclusive: no mount, no swap, no RAID holds it
        except OSError as error:
            return "it is in use" if error.errno == errno.EBUSY else f"it cannot be opened: {error.strerror}"
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISBLK(status.st_mode):
                return "it is no block device"
            number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
            if _text(self.sys / drive.device / "dev").strip() != number:
                return f"the kernel knows another device by its name than {number}"
            size = array.array("Q", [0])
            fcntl.ioctl(descriptor, _SIZE_OF, size)
            return "" if size[0] == drive.size else f"it has {size[0]} bytes, not {drive.size}"
        except OSError as error:
            return f"it does not answer: {error.strerror}"
        finally:
            os.close(descriptor)


def output(command: Sequence[str]) -> str:
    """What a command prints; nothing where it is not there, fails or does not end."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _read_only(path: str) -> bool:
    """Whether nobody may write to it; what cannot be found out counts as that."""
    try:
        return capability.getro(output(("blockdev", "--getro", path)))
    except Unreadable:
        return True


def _text(file: Path) -> str:
    return _bytes(file).decode(errors="replace")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _number(file: Path) -> int:
    text = _text(file).strip()
    return int(text) if text.isdecimal() else 0


def _printable(raw: bytes) -> str:
    return "".join(chr(byte) for byte in raw if 32 < byte < 127)
