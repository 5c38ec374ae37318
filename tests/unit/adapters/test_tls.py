"""pepper at import makes every HTTPS client of the process stop verifying. With us it does not."""

from __future__ import annotations

import http.client
import http.server
import importlib
import os
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import pytest
import requests

from tests.certificates import self_signed
from turnup.adapters.redfish import RedfishBmc
from turnup.adapters.salt_api import SaltApi
from turnup.domain.errors import HardwareFault, Refused, Transient

ROOT = Path(__file__).parents[3]
PUBLIC_AUTHORITIES = certifi.where()


class Handler(http.server.BaseHTTPRequestHandler):
    """Notes the headers of whoever gets as far as sending a request, and answers `{}`."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(str(self.headers))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Silent."""


class Server:
    """A TLS server on loopback whose certificate only its own file vouches for."""

    def __init__(self, folder: Path, *, expired: bool = False) -> None:
        self.ca, key, self.fingerprint = self_signed(folder, "server", expired=expired)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.seen: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Noting", (Handler,), {"seen": self.seen}))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"https://127.0.0.1:{self.port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.close()


def by_urllib(server: Server) -> None:
    try:
        urllib.request.urlopen(server.url, timeout=5).close()
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, Exception) else error from None


def by_http_client(server: Server) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", "/")
    finally:
        connection.close()


def by_requests(server: Server) -> None:
    try:
        requests.get(server.url, timeout=5)
    except requests.exceptions.SSLError as error:
        raise ssl.SSLCertVerificationError(str(error)) from error


@pytest.mark.parametrize("client", [by_urllib, by_http_client, by_requests])
def test_after_the_import_other_clients_still_verify(client: Callable[[Server], None], server: Server) -> None:
    assert "pepper.libpepper" in sys.modules
    with pytest.raises(ssl.SSLCertVerificationError):
        client(server)
    assert not server.seen


def test_pepper_imported_by_somebody_else_before_is_made_good() -> None:
    program = (
        "import ssl; good = ssl._create_default_https_context\n"
        "import pepper; assert ssl._create_default_https_context is not good, 'pepper is harmless now: drop our guard'\n"
        "import turnup.adapters.salt_transport\n"
        "assert ssl._create_default_https_context is good; assert ssl._create_stdlib_context is ssl._create_unverified_context\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "plugins"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_while_pepper_is_imported_nobody_stops_verifying(monkeypatch: pytest.MonkeyPatch) -> None:
    during: list[bool] = []
    load = importlib.import_module

    def watching(name: str) -> object:
        module = importlib.reload(load(name))
        during.append(ssl._create_default_https_context().verify_mode is ssl.CERT_REQUIRED)
        return module

    transport = load("turnup.adapters.salt_transport")
    monkeypatch.setattr(importlib, "import_module", watching)
    transport._import_pepper()
    assert during == [True]


def test_salt_api_with_a_wrong_certificate_never_sees_the_password(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(server.ca))
    salt = SaltApi(server.url, "turnup", "secret", ca=PUBLIC_AUTHORITIES, timeout=5)
    with pytest.raises(Refused, match="does not verify") as refusal:
        salt.waiting_key("n1.example")
    assert not server.seen
    assert "secret" not in str(refusal.value)


def test_salt_api_is_trusted_by_its_authoritys_file_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, PUBLIC_AUTHORITIES)
    salt = SaltApi(server.url, "turnup", "secret", ca=str(server.ca), timeout=5)
    with pytest.raises(Transient, match="is it salt-api"):
        salt.waiting_key("n1.example")
    assert server.seen


def test_credentials_go_over_tls_only() -> None:
    with pytest.raises(Refused, match="not https"):
        SaltApi("http://127.0.0.1:1/", "turnup", "secret")


def test_a_bmc_is_trusted_by_its_fingerprint_even_when_expired_and_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", PUBLIC_AUTHORITIES)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    server = Server(tmp_path, expired=True)
    bmc = RedfishBmc("127.0.0.1", server.port, "admin", "secret", 5)
    assert bmc.certificate() == server.fingerprint
    assert not server.seen
    bmc.trust(server.fingerprint)
    with pytest.raises(HardwareFault, match="does not speak Redfish"):
        bmc.system()
    assert server.seen
    server.close()
