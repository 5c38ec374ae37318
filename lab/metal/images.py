"""The two images that servers boot: `production`, and `acceptance` with the tools that wipe disks.

An image is what nginx serves below /images/<name>/: a kernel and an initial RAM disk. The namespaces of this machine need no
second kernel, so `vmlinuz` is a stand-in that is fetched and checked; `initrd.img` is a real archive with all of /etc, the
init program, and what the image adds to this machine's /usr or hides of it. Nothing else of this machine is in an image.
"""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from pathlib import Path

from lab import paths
from lab.datacenter import SALT_PUBLISH_PORT, SALT_RETURN_PORT, SERVICES_ADDRESS
from lab.metal import dhcp_client

PRODUCTION, ACCEPTANCE = "production", "acceptance"
KERNEL = "vmlinuz"
INITRD = "initrd.img"
KERNEL_MAGIC = b"LABMETAL KERNEL STAND-IN\n"

WIPING_TOOLS = ("badblocks", "blkdiscard", "hdparm", "nvme", "nwipe", "scrub", "sg_format", "sg_sanitize", "shred", "wipefs")
HIDDEN = {PRODUCTION: WIPING_TOOLS, ACCEPTANCE: ()}
NOT_INSTALLED = ("systemctl",)  # images have an init of their own; Salt takes a systemctl that can do nothing for one that can

_TREE = dhcp_client.IMAGE
_FROM_THIS_MACHINE = (  # what programs in /usr expect to find in /etc
    *("etc/alternatives", "etc/debian_version", "etc/ld.so.cache", "etc/ld.so.conf", "etc/localtime", "etc/login.defs"),
    *("etc/os-release", "etc/profile", "etc/protocols", "etc/services", "etc/shells", "etc/ssl/openssl.cnf"),
    *("etc/default/nginx", "etc/init.d/nginx"),
)

_MINION = f"""\
# Small and quick: no mine, no DNS, no GPU probing, no process that watches over the minion.
master: {SERVICES_ADDRESS}
publish_port: {SALT_PUBLISH_PORT}
master_port: {SALT_RETURN_PORT}
pki_dir: /etc/salt/pki/minion
log_file: /var/log/salt/minion
log_level_logfile: warning
ipv6: False
keysize: 2048
mine_enabled: False
enable_fqdns_grains: False
enable_gpu_grains: False
enable_legacy_startup_events: False
grains_cache: False
retry_dns: 0
master_tries: -1
acceptance_wait_time: 2
acceptance_wait_time_max: 0
rejected_retry: True
auth_timeout: 20
auth_tries: 100
random_reauth_delay: 2
recon_default: 500
recon_max: 3000
recon_randomize: True
"""


def build() -> None:
    """Both images are served as they are defined now; one that did not change is left alone."""
    _compile_salt()
    for name, hidden in HIDDEN.items():
        folder = paths.IMAGES / name
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / KERNEL, KERNEL_MAGIC + f"image {name}, runs on Linux {os.uname().release}\n".encode())
        _write(folder / INITRD, _archive(name, hidden))


def _compile_salt() -> None:
    """Salt's modules are compiled once, here: a minion may not write there, and reading 4,000 sources at every boot costs it
    2.5 s of processor time more. Eight servers at once had their keys pending after 12 s instead of 66 s.
    """
    environment = paths.ENV / "salt"
    stamp, lock = environment / "compiled", environment / "lock"
    now = lock.read_text() if lock.exists() else ""
    if environment.exists() and not (stamp.exists() and stamp.read_text() == now):
        command = [str(paths.python("salt")), "-m", "compileall", "-q", "-j", "0", str(environment / "lib")]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # templates among them that are no Python: not an error
        stamp.write_text(now)


def _write(file: Path, content: bytes) -> None:
    if not file.exists() or file.read_bytes() != content:
        new = file.with_suffix(".new")
        new.write_bytes(content)
        new.replace(file)


def _archive(name: str, hidden: tuple[str, ...]) -> bytes:
    """The same bytes for the same content: no times, no owners in it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in _FROM_THIS_MACHINE:
            if (Path("/") / path).exists():
                archive.add(f"/{path}", path, filter=_plain)
        for file in sorted(_TREE.rglob("*")):
            archive.add(file, str(file.relative_to(_TREE)), recursive=False, filter=_plain)
        archive.add(dhcp_client.program(), "usr/lib/turnup/dhclient", filter=_plain)
        _text(archive, "etc/turnup-image", f"{name}\n")
        _text(archive, "etc/salt/minion", _MINION)
        if name == ACCEPTANCE:
            from lab.metal import acceptance  # noqa: PLC0415 - the servers' own processes import this module, and know no turnup

            for path, (content, mode) in acceptance.files().items():
                _file(archive, path, content, mode)
        for tool in (*hidden, *NOT_INSTALLED):
            for folder in ("usr/bin", "usr/sbin"):
                archive.addfile(_whiteout(f"{folder}/{tool}"))
    return gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = 0
    executable = bool(member.mode & 0o100) or member.isdir()
    if not member.issym():
        member.mode = 0o755 if executable else 0o600 if member.name == "etc/shadow" else 0o644
    return member


def _text(archive: tarfile.TarFile, path: str, text: str) -> None:
    _file(archive, path, text.encode(), 0o644)


def _file(archive: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    member = tarfile.TarInfo(path)
    member.size, member.mode = len(content), mode
    archive.addfile(_plain(member), io.BytesIO(content))


def _whiteout(path: str) -> tarfile.TarInfo:
    """How overlayfs says that a file of the layer below is not there: a character device 0, 0."""
    member = tarfile.TarInfo(path)
    member.type, member.devmajor, member.devminor, member.mode = tarfile.CHRTYPE, 0, 0, 0
    return member
