"""One BMC: goes into its own network, gets its address by DHCP, serves Redfish there."""

from __future__ import annotations

import ctypes
import logging
import os
import secrets
import signal
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, NoReturn

import bcrypt
from jinja2 import ChoiceLoader, FileSystemLoader
from sushy_tools.emulator import main as emulator
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from lab import configuration
from lab.bmc import certificate, logs, manager
from lab.bmc.driver import ServerDriver
from lab.connections import FACTORY_USER, REDFISH_USER, factory_password, redfish_password
from lab.datacenter import BMC, REDFISH_PORT, Server
from lab.metal import dhcp_client, faults
from lab.metal.folder import Folder
from lab.metal.rack import bmc_wire

_SILENCE = 30.0  # seconds without a byte, after which a client is let go
_HERE = Path(__file__).parent
_PR_SET_PDEATHSIG = 1


class Requests(WSGIRequestHandler):
    """One connection. TLS begins here and not at accept, where a client that says nothing would hold up all others."""

    timeout = _SILENCE
    server_version = "Labmetal BMC"
    sys_version = ""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the parent's signature
        """What changes something and what is refused. Power is asked for every second or so: that is not worth a line."""
        if self.command != "GET" or not str(code).startswith("2"):
            logging.getLogger("redfish").info("%s %s %s: %s", self.address_string(), self.command, self.path, code)


def run(server: Server) -> NoReturn:
    """Serves until it is ended; ends by itself when DHCP's client does, to be started again."""
    die_with_parent()
    logging.basicConfig(format=f"%(asctime)s {server.name} %(message)s", level=logging.INFO, force=True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    wire = bmc_wire(server)
    with wire.path.open() as network:
        os.setns(network.fileno(), os.CLONE_NEWNET)
    threading.Thread(target=_address, args=(server,), daemon=True).start()
    serve(server, "0.0.0.0", REDFISH_PORT)
    os._exit(1)


def serve(server: Server, address: str, port: int) -> None:
    """Redfish of this server's BMC at an address of the network that this process is in."""
    _prepare(server)
    web = ThreadedWSGIServer(address, port, emulator.app, Requests)
    web.socket = _tls(server).wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
    web.daemon_threads = True
    web.serve_forever()


def die_with_parent() -> None:
    """The kernel ends this process when the one that started it is gone, however it went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _address(server: Server) -> NoReturn:
    """Keeps dhclient running for the BMC's interface. The kernel counts the thread that starts it as its parent, so it waits."""
    state = Folder(server).bmc / "dhcp"
    state.mkdir(exist_ok=True)
    (state / "dhclient.leases").unlink(missing_ok=True)
    subprocess.run(["ip", "address", "flush", "dev", BMC], check=False)
    command = dhcp_client.command(BMC, state, "-d", configuration=_HERE / "dhclient.conf")
    with (state / "log").open("w") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, preexec_fn=die_with_parent)
    os._exit(1)


def _prepare(server: Server) -> None:
    """sushy-tools' service shows this server: it knows no plug-ins, so its driver is put in place of the fake one."""
    folder = Folder(server).bmc
    driver = ServerDriver(server)
    emulator.Application.systems = property(lambda _: driver)
    app = emulator.app
    app.jinja_loader = ChoiceLoader([FileSystemLoader(_HERE / "templates"), app.jinja_loader])
    app.jinja_env.globals["driver"] = driver
    manager.add(driver)
    logs.add(driver)
    app.wsgi_app = Login(app.wsgi_app, server)
    app.configure(extra_config={"SUSHY_EMULATOR_STATE_DIR": str(folder)})
    app.logger.setLevel(logging.WARNING)


class Login(emulator.RedfishAuthMiddleware):
    """Asks for the password of the BMC's label; with the fault bmc-password for one that nobody knows.

    With bmc-factory-password it takes the factory's account as well.
    """

    def __init__(self, app: Any, server: Server) -> None:
        self.server = server
        self.usual = _accounts(server, "htpasswd", {REDFISH_USER: redfish_password()})
        self.other = _accounts(server, "htpasswd-other", {REDFISH_USER: secrets.token_urlsafe()})
        self.factory = _accounts(server, "htpasswd-factory", {REDFISH_USER: redfish_password(), FACTORY_USER: factory_password()})
        super().__init__(app, str(self.usual))

    def __call__(self, environ: Any, start_response: Any) -> Any:
        usual = self.factory if faults.active(self.server, "bmc-factory-password") else self.usual
        self.auth_file = str(self.other if faults.active(self.server, "bmc-password") else usual)
        return super().__call__(environ, start_response)


def _accounts(server: Server, name: str, passwords: dict[str, str]) -> Path:
    """Few rounds: passwords are random, and are checked with every request."""
    file = Folder(server).bmc / name
    hashed = {user: bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=5)).decode() for user, password in passwords.items()}
    configuration.write(file, "".join(f"{user}:{one}\n" for user, one in hashed.items()))
    return file


def _tls(server: Server) -> ssl.SSLContext:
    """The BMC's own certificate; with the fault bmc-certificate, looked at with every connection, a new one."""
    usual, new = _context(server, "bmc"), _context(server, "bmc-new")

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = new if faults.active(server, "bmc-certificate") else usual

    usual.sni_callback = choose
    return usual


def _context(server: Server, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*certificate.make(server, name))
    return context
