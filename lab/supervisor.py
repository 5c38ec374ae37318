"""The processes of the lab, kept running by supervisord.

Programs are declared by the services, started in the order the lab needs, restarted when they die, and replaced when their
declaration changed. supervisord is spoken to over its unix socket, so that nothing listens on the network.
"""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import socket
import subprocess
import xmlrpc.client
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import configuration, paths, waiting
from lab.errors import LabError

SOCKET = paths.SOCKETS / "supervisor.sock"
CONFIG = paths.ETC / "supervisord.conf"
LOG = paths.LOG / "supervisord.log"
PIDFILE = paths.RUN / "supervisord.pid"

# Services see this environment and nothing of the caller's: a REQUESTS_CA_BUNDLE or a proxy would change what they do.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TURNUP_LAB": str(paths.CHECKOUT),
}


@dataclass(frozen=True)
class Program:
    """One process that has to run: how it is started, with which environment, how it is told to end."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = paths.VAR
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    stop_group: bool = True  # tell the children as well; not where the parent ends them in an order of its own
    log_file: Path | None = None  # where it writes itself; None: what it prints goes to `<name>.log`

    @property
    def log(self) -> Path:
        return self.log_file or paths.LOG / f"{self.name}.log"

    def section(self) -> str:
        """Its part of supervisord's configuration."""
        pairs = ",".join(f'{key}="{value}"' for key, value in sorted(self.environment.items()))
        lines = [
            f"[program:{self.name}]",
            f"command={shlex.join(self.command)}",
            f"directory={self.directory}",
            f"environment={pairs}",
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            "startretries=5",
            f"stopsignal={self.stop_signal}",
            f"stopwaitsecs={self.stop_seconds}",
            f"stopasgroup={str(self.stop_group).lower()}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={self.log if self.log_file is None else paths.LOG / f'{self.name}.out'}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=1",
        ]
        return "\n".join(line.replace("%", "%%") for line in lines)


class _UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(str(SOCKET))


class _UnixTransport(xmlrpc.client.Transport):
    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ARG002 - there is one socket
        return _UnixConnection("localhost")


def _rpc() -> Any:
    return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport()).supervisor


def running() -> bool:
    """Whether the lab's supervisord answers."""
    try:
        return bool(_rpc().getState()["statename"] == "RUNNING")
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return False


def pid() -> int:
    """Of the running supervisord."""
    number: int = _rpc().getPID()
    return number


def declare(programs: Sequence[Program]) -> None:
    """Makes supervisord know exactly these programs; a running one whose declaration changed is stopped."""
    head = [
        "[supervisord]",
        f"logfile={LOG}",
        f"pidfile={PIDFILE}",
        f"childlogdir={paths.LOG}",
        "user=root",
        "minfds=8192",
        "",
        "[unix_http_server]",
        f"file={SOCKET}",
        "chmod=0700",
        "",
        "[supervisorctl]",
        f"serverurl=unix://{SOCKET}",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    configuration.write(CONFIG, "\n".join(head) + "\n" + "\n\n".join(program.section() for program in programs) + "\n")
    if not running():
        _start_supervisord()
        return
    rpc = _rpc()
    added, changed, removed = rpc.reloadConfig()[0]
    for name in [*changed, *removed]:
        rpc.stopProcessGroup(name)
        rpc.removeProcessGroup(name)
    for name in [*added, *changed]:
        rpc.addProcessGroup(name)


def _start_supervisord() -> None:
    for folder in (paths.RUN, paths.LOG, paths.VAR):
        folder.mkdir(parents=True, exist_ok=True)
    paths.SOCKETS.mkdir(mode=0o755, exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    command = [str(paths.python("lab")), "-m", "supervisor.supervisord", "-c", str(CONFIG)]
    done = subprocess.run(command, env=ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"supervisord does not start: {done.stdout}{done.stderr}Look at {LOG}.")
    waiting.until(running, "supervisord answers", 20, LOG)


def state(name: str) -> str:
    """RUNNING, STOPPED, FATAL, ... as supervisord calls it; UNKNOWN for a program it does not know."""
    try:
        return str(_rpc().getProcessInfo(name)["statename"])
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return "UNKNOWN"


def process(name: str) -> int:
    """The id of a running program's process, which leads the group of all that it started."""
    number = int(_rpc().getProcessInfo(name)["pid"])
    if not number:
        raise LabError(f"{name} does not run.")
    return number


def start(name: str) -> None:
    """Makes the program run, or says why it does not."""
    if state(name) in ("RUNNING", "STARTING"):
        return
    try:
        _rpc().startProcess(name, False)
    except xmlrpc.client.Fault as fault:
        raise LabError(f"{name} does not start ({fault.faultString}).\n{waiting.tail(paths.LOG / f'{name}.log')}") from fault


def stop(name: str) -> None:
    """Makes the program not run; returns when it has ended."""
    if state(name) in ("RUNNING", "STARTING", "BACKOFF"):
        try:
            _rpc().stopProcess(name)
        except xmlrpc.client.Fault as fault:
            if state(name) == "RUNNING":
                raise LabError(f"{name} does not stop ({fault.faultString}). Look at {LOG}.") from fault


def shut_down(last: Collection[str]) -> None:
    """Ends every program, all at once but those in `last`, which the others need to end well; then supervisord itself."""
    if not running():
        return
    ended, rpc = pid(), _rpc()
    for process in rpc.getAllProcessInfo():
        if process["name"] not in last and process["statename"] in ("RUNNING", "STARTING", "BACKOFF"):
            rpc.stopProcess(process["name"], False)
    waiting.until(lambda: not any(process["statename"] == "STOPPING" for process in rpc.getAllProcessInfo()), "they end", 60, LOG)
    rpc.shutdown()
    waiting.until(lambda: not alive(ended), "supervisord ends", 90, LOG)


def started(process: int) -> int:
    """When the process began, in clock ticks since the machine's start; 0 for one that does not run (or is a zombie)."""
    try:
        fields = _stat(process)
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def alive(process: int) -> bool:
    """Whether a process of this id runs (and is no zombie)."""
    return started(process) > 0


def _stat(process: int) -> list[str]:
    """What the kernel tells of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def leftovers(checkout: Path, state: Path, session: int) -> list[int]:
    """Processes of a lab that outlived supervisord: carrying its mark, or of the session it led and at work in its state.

    Some programs write over their environment, and so over the mark. A session's number goes to no other process while the
    session has members, and one whose leader lives is not the lab's; the place where a process works settles the rest.
    """
    mark = f"TURNUP_LAB={checkout}".encode()
    ended = session > 0 and not alive(session)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        process = int(folder.name)
        try:
            ours = mark in (folder / "environ").read_bytes().split(b"\0")
            ours = ours or (ended and int(_stat(process)[3]) == session and _works_in(folder, state))
        except (OSError, IndexError):
            continue
        if ours and process != os.getpid():
            found.append(process)
    return found


def _works_in(process: Path, state: Path) -> bool:
    """Whether a process works in the lab's state, runs a program of it, or is PostgreSQL in its mount namespace."""
    directory, program = (process / "cwd").readlink(), (process / "exe").readlink()
    if directory.is_relative_to(state) or program.is_relative_to(state):
        return True
    if f"{state}/".encode() in (process / "cmdline").read_bytes():
        return True
    return program.name == "postgres" and (process / "ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink()


def end_leftovers(checkout: Path, state: Path, session: int) -> int:
    """Ends what `leftovers` finds, first politely; returns how many there were."""
    found = leftovers(checkout, state, session)
    for sent in (signal.SIGTERM, signal.SIGKILL):
        for process in found:
            try:
                os.kill(process, sent)
            except ProcessLookupError:
                continue
        try:
            waiting.until(lambda: not any(alive(process) for process in found), "the lab's processes end", 5)
        except LabError:
            continue
        break
    return len(found)
