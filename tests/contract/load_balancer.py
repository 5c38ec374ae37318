"""A real HAProxy with an empty pool, as docs/traffic.md sets one up, and small web servers on loopback to fill it with."""

from __future__ import annotations

import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.contract.processes import free_port, running

BACKEND = "pool"
CHECK = "check inter 1s fastinter 200ms downinter 200ms rise 2 fall 2"
"""A check may take as long as the first interval; a healthy server that is slow for once has to stay in."""
HEAD = f"""\
backend pool
    balance roundrobin
    option httpchk GET /healthz
    default-server {CHECK}
"""
CONFIG = """\
global
    stats socket {folder}/runtime.sock level admin
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    retries 0
listen runtime
    mode tcp
    bind 127.0.0.1:{runtime} ssl crt {folder}/server.pem ca-file {folder}/ca.pem verify required
    server runtime unix@{folder}/runtime.sock
frontend service
    bind 127.0.0.1:{service}
    default_backend pool
"""


@dataclass
class WebServers:
    """One web server an address, all on one port. `unwell` fail their health check; `/hold` is answered when `release` is set."""

    port: int
    unwell: set[str] = field(default_factory=set)
    holding: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)


class Server(ThreadingHTTPServer):
    """Silent about clients that hang up, as health checks do."""

    def handle_error(self, *_: object) -> None:
        return


@contextmanager
def web_servers(addresses: tuple[str, ...]) -> Iterator[WebServers]:
    servers = WebServers(free_port())

    class Handler(BaseHTTPRequestHandler):
        protocol_version, wbufsize = "HTTP/1.1", 65536  # an answer in one piece

        def do_GET(self) -> None:
            address = str(self.connection.getsockname()[0])
            if self.path == "/hold":
                servers.holding.append(address)
                servers.release.wait(20)
            self.send_response(503 if self.path == "/healthz" and address in servers.unwell else 200)
            self.send_header("Content-Length", str(len(address)))
            self.end_headers()
            self.wfile.write(address.encode())

        def log_message(self, *_: object) -> None:
            return

    with ExitStack() as stack:
        for address in addresses:
            server = stack.enter_context(Server((address, servers.port), Handler))
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield servers


@dataclass
class Balancer:
    """One HAProxy: `runtime` is its admin port, `service` where clients go; `pools` is what it reads besides its own file."""

    folder: Path
    runtime: int = field(default_factory=free_port)
    service: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        (self.folder / "pools").mkdir()
        (self.folder / "pools/pool.head").write_text(HEAD)
        (self.folder / "pools/pool.cfg").write_text(HEAD)
        config = CONFIG.format(folder=self.folder, runtime=self.runtime, service=self.service)
        (self.folder / "haproxy.cfg").write_text(config)

    @property
    def socket(self) -> Path:
        return self.folder / "runtime.sock"

    @contextmanager
    def runs(self) -> Iterator[subprocess.Popen[bytes]]:
        command = ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg"), "-f", str(self.folder / "pools")]
        with running(command, self.folder / "haproxy.log", self.service) as process:
            yield process

    def get(self, path: str = "/") -> str:
        """Who answered a client: the address, or the error's number where nobody did."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.service}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.code)
