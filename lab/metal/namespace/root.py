"""The root of a running image: made by PID 1 in its own mount namespace, gone with it.

Everything is in memory and fresh at every boot. Of this machine it holds /usr, under what the image adds and hides, the
environment of the Salt minion and, where that lies elsewhere, its Python; both cannot be written to.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import NoReturn

from lab import paths
from lab.datacenter import Server
from lab.metal import faults, smbios
from lab.metal.folder import Folder
from lab.metal.namespace import disks, limits, sysfs

_SIZE = "1g"  # of memory at most, for all that a running image writes
_FOLDERS = (
    *(
        "dev",
        "etc/salt/minion.d",
        "etc/salt/pki/minion",
        "home",
        "mnt",
        "opt/salt",
        "proc",
        "root",
        "run/dhcp",
        "run/lock",
        "run/metal",
    ),
    *("etc/nginx", "var/lib/nginx", "var/log/nginx", *(f"etc/rc{level}.d" for level in "0123456S")),
    *("run/sshd", "srv", "sys", "usr", "var/cache", "var/lib", "var/log/salt", "var/spool", ".usr/upper", ".usr/work"),
)
_INSTALLED = ("etc/nginx", "etc/rc2.d")
_MEASURED, _MEASURED_SIZE = "var/tmp/turnup-burn-in.fio", 64 * 1024 * 1024
_NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}


def private() -> None:
    """What this process mounts from now on stays in its own namespace."""
    _run("mount", "--make-rprivate", "/")


def start(server: Server, initrd: Path, command_line: str) -> NoReturn:
    """Never returns: this process becomes the image's init, with the image as its root."""
    folder = Folder(server)
    root = folder.root
    _mount("-t", "tmpfs", "-o", f"mode=755,size={_SIZE}", "tmpfs", root)
    with tarfile.open(initrd) as archive:
        archive.extractall(root, filter="fully_trusted")  # the image's own; its whiteouts are device nodes
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "var/tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(0o1777)
    (root / "var/run").symlink_to("../run")
    _usr(root)
    _hardware(folder, root, command_line)
    _devices(folder, root)
    if faults.active(server, "slow-disk"):
        _slow_scratch(folder, root)
    _keys(folder, root)
    _services(folder, root)
    _salt(root)
    os.chdir(root)
    _run("pivot_root", ".", "mnt")
    os.chdir("/")
    _run("umount", "--lazy", "/mnt")
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so for all that is started
        signal.signal(number, signal.SIG_DFL)
    os.execve("/init", ["init"], {})


def _usr(root: Path) -> None:
    os.chdir(root)  # relative paths: a colon or a comma in the checkout's would end an option
    layers = "lowerdir=usr:/usr,upperdir=.usr/upper,workdir=.usr/work"
    _mount("-t", "overlay", "-o", layers, "overlay", root / "usr")
    (root / ".usr").chmod(0o700)
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        here = Path("/") / name
        if here.is_symlink():
            (root / name).symlink_to(here.readlink())
        elif here.is_dir():  # a Debian whose /usr was never merged
            _read_only(here, root / name)


def _hardware(folder: Folder, root: Path, command_line: str) -> None:
    """/proc, /sys, and /run/metal: what would be the board's own in a real server."""
    _mount("-t", "proc", "proc", root / "proc")
    _mount("-t", "sysfs", "sysfs", root / "sys")
    metal = root / "run/metal"
    values = smbios.values(folder.server, wrong_serial=faults.active(folder.server, "dmi-serial"))
    (metal / "smbios").mkdir()
    for keyword, value in values.items():
        (metal / "smbios" / keyword).write_text(f"{value}\n")
    _read_only(folder.faults, metal / "faults")  # as they are at any time: init waits for the end of what it heeds
    (metal / "cmdline").write_text(f"{command_line}\n")
    _mount("--bind", metal / "cmdline", root / "proc/cmdline")
    if (root / "sys/class/dmi").is_dir():  # this machine's own identity
        _mount("-t", "tmpfs", "tmpfs", root / "sys/class/dmi")


def _devices(folder: Folder, root: Path) -> None:
    dev = root / "dev"
    _mount("-t", "tmpfs", "-o", "mode=755,size=1m", "tmpfs", dev)
    for name, (major, minor) in _NODES.items():
        _node(dev / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for name in ("pts", "shm"):
        (dev / name).mkdir()
    _mount("-t", "devpts", "-o", "newinstance,ptmxmode=666,mode=620,gid=5", "devpts", dev / "pts")
    _mount("-t", "tmpfs", "-o", "mode=1777,size=256m", "tmpfs", dev / "shm")
    (dev / "ptmx").symlink_to("pts/ptmx")
    for link, target in {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        (dev / link).symlink_to(f"/proc/self/{target}")
    (dev / "console").touch()
    _mount("--bind", folder.console, dev / "console")
    loops = {name: loop for name in disks.NAMES if (loop := disks.device_of(folder.disk(name)))}
    for name, loop in loops.items():
        _node(dev / name, stat.S_IFBLK | 0o660, loop.stat().st_rdev)
    sysfs.show(root / "sys", loops, {name: disks.label(folder.server, name) for name in loops}, _mount)


def _slow_scratch(folder: Folder, root: Path) -> None:
    """/var/tmp is on a disk that is slow: every write goes there at once, and the kernel lets few through.

    The file that burn-in measures is there already, as after an earlier one: to write it that slowly would take minutes.
    """
    device = disks.device_of(folder.disk(disks.SCRATCH))
    if device is None:
        return
    _run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", str(device))
    _mount("-o", "sync", device, root / "var/tmp")
    (root / "var/tmp").chmod(0o1777)
    with (root / _MEASURED).open("wb") as file:
        file.write(bytes(_MEASURED_SIZE))
    limits.disk(folder.server.namespace, device, limits.SLOW_DISK)


def _keys(folder: Folder, root: Path) -> None:
    """The flash keeps the SSH host key and the minion's keys over a reboot, so that a live server is known again."""
    host_key = folder.flash / "ssh_host_ed25519_key"
    if not host_key.exists():
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", folder.server.name, "-f", str(host_key))
    for file in (host_key, host_key.with_suffix(".pub")):
        copy = root / "etc/ssh" / file.name
        copy.write_bytes(file.read_bytes())
        copy.chmod(0o600)
    authorized = paths.ETC / "ssh" / "id.pub"
    (root / "etc/ssh/authorized_keys").write_bytes(authorized.read_bytes() if authorized.exists() else b"")
    pki = folder.flash / "salt-pki"
    pki.mkdir(mode=0o700, exist_ok=True)
    _mount("--bind", pki, root / "etc/salt/pki/minion")
    (root / "root").chmod(0o700)


def _services(folder: Folder, root: Path) -> None:
    """The flash keeps the services that Salt set up; init starts what is enabled: a live server that reboots serves again."""
    for name in _INSTALLED:
        kept = folder.flash / Path(name).name
        kept.mkdir(exist_ok=True)
        _mount("--bind", kept, root / name)


def _salt(root: Path) -> None:
    """The minion's environment is at /opt/salt; its Python stays at the path that the environment names."""
    environment = paths.ENV / "salt"
    if not environment.exists():
        return
    _read_only(environment, root / "opt/salt")
    python = (environment / "bin/python").resolve()
    prefix = python.parent.parent
    if not python.is_relative_to("/usr"):
        _read_only(prefix, root / prefix.relative_to("/"))


def _read_only(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    _mount("--bind", source, target)
    _mount("-o", "remount,bind,ro", target)


def _node(path: Path, mode: int, device: int) -> None:
    os.mknod(path, mode, device)
    path.chmod(stat.S_IMODE(mode))


def _mount(*arguments: str | Path) -> None:
    _run("mount", "-n", *map(str, arguments))


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
