"""HAProxy: the site's service, with the servers of the role edge behind it, set up as docs/traffic.md says.

Its Runtime API is reached over TLS with a client's certificate. Who is in the pool is what turnup told it while it ran;
keep_pools.py writes that down beside it, so that a restart begins with the same servers.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from lab import authority, configuration, paths, waiting
from lab.datacenter import EDGE, SERVICES_ADDRESS, TRAFFIC_PORT
from lab.ports import answers, port
from lab.supervisor import Program

NAME = "haproxy"
SERVER_OPTIONS = "check inter 1s rise 2 fall 3"
KEEPER = "haproxy-pools"
_ETC, _POOLS = paths.ETC / NAME, paths.VAR / NAME / "pools"
_CONFIG, _HEAD = _ETC / "haproxy.cfg", _POOLS / f"{EDGE}.head"
_SOCKET = paths.SOCKETS / "haproxy.sock"
_KEEP = paths.CHECKOUT / "docs" / "keep_pools.py"

_TEMPLATE = """\
global
    nbthread 1
    maxconn 2000
    log stdout format raw local0
    stats socket {socket} mode 600 level admin
defaults
    mode http
    log global
    option httplog
    option dontlog-normal
    option dontlognull
    timeout connect 2s
    timeout client 60s
    timeout server 30s
    timeout http-keep-alive 60s
listen runtime
    mode tcp
    option tcplog
    bind 127.0.0.1:{runtime} ssl crt {certificate} ca-file {authority} verify required
    server runtime unix@{socket}
frontend service
    bind {address}:{traffic}
    default_backend {backend}
"""
_BACKEND = """\
backend {backend}
    balance roundrobin
    option httpchk GET /healthz
    default-server {options}
"""


def configure() -> None:
    """Write its configuration; a pool that was written down is kept."""
    _POOLS.mkdir(parents=True, exist_ok=True)
    certificate, key = authority.issue(NAME, _ETC)
    configuration.write(_ETC / "haproxy.pem", certificate.read_text() + key.read_text())
    text = _TEMPLATE.format(
        socket=_SOCKET,
        runtime=port("haproxy_runtime"),
        certificate=_ETC / "haproxy.pem",
        authority=authority.CERTIFICATE,
        address=SERVICES_ADDRESS,
        traffic=TRAFFIC_PORT,
        backend=EDGE,
    )
    configuration.write(_CONFIG, text)
    head = _BACKEND.format(backend=EDGE, options=SERVER_OPTIONS)
    if configuration.write(_HEAD, head) or not _HEAD.with_suffix(".cfg").exists():
        configuration.write(_HEAD.with_suffix(".cfg"), head)


def credentials() -> dict[str, str]:
    """The certificate that turnup shows to HAProxy, and its key."""
    certificate, key = authority.issue("haproxy-client", _ETC)
    return {"certificate": certificate.read_text(), "private_key": key.read_text()}


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    command = ["haproxy", "-db", "-f", str(_CONFIG), "-f", str(_POOLS)]
    keeper = [str(paths.python("lab")), str(_KEEP), str(_SOCKET), str(_POOLS)]
    return [
        Program(NAME, command, {"LAB_CONFIG": configuration.digest(_CONFIG, _HEAD)}),
        Program(KEEPER, keeper, {"LAB_CONFIG": configuration.digest(_KEEP)}),
    ]


def url() -> str:
    """Where it answers clients."""
    return f"http://{SERVICES_ADDRESS}:{TRAFFIC_PORT}/"


def ready() -> bool:
    """Whether it answers."""
    return answers(TRAFFIC_PORT, str(SERVICES_ADDRESS)) and answers(port("haproxy_runtime"))


def empty() -> None:
    """No server is in the pool."""
    waiting.until(_emptied, "HAProxy's pool is empty", 20, paths.LOG / f"{NAME}.log")


def _emptied() -> bool:
    """HAProxy ends what a server bears in its own time; only then it can be deleted."""
    for name in _servers():
        command(f"set server {EDGE}/{name} state maint")
        command(f"shutdown sessions server {EDGE}/{name}")
        command(f"del server {EDGE}/{name}")
    return not _servers()


def _servers() -> list[str]:
    rows = [line.split() for line in command(f"show servers state {EDGE}").splitlines()]
    return [row[3] for row in rows if len(row) > 3 and row[0] != "#"]


def command(text: str) -> str:
    """What HAProxy answers to a command of its Runtime API."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(_SOCKET))
        connection.sendall(f"{text}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
