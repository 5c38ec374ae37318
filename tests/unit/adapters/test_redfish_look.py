"""Many BMCs looked at at once, over real TLS: a password goes to none that shows another certificate than the one on record."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import self_signed
from turnup.adapters.redfish_look import Login, RedfishBmcs
from turnup.adapters.ssh_door import SshDoors
from turnup.domain.facts import BmcSeen
from turnup.sources import BmcTarget

SITE, FACTORY = Login("admin", "site-password"), Login("root", "calvin")
PATH = "/redfish/v1/Systems/1"


class Bmc:
    """A BMC on loopback. Tests set its `accounts`, its `system` and whether it keeps connections (`protocol`)."""

    def __init__(self, folder: Path) -> None:
        certificate, key, self.fingerprint = self_signed(folder, "bmc")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.accounts = [SITE]
        self.system: Any = {"SerialNumber": " S1 ", "PowerState": "On", "Status": {"Health": "OK", "HealthRollup": "Warning"}}
        self.systems: Any = {"Members": [{"@odata.id": PATH}]}
        self.protocol = "HTTP/1.1"
        self.asked: list[tuple[str, str]] = []
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.web.server_port
        threading.Thread(target=self.web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def _handler(bmc: Bmc) -> type[BaseHTTPRequestHandler]:  # noqa: N805 (inside, `self` is the handler)
        class Handler(BaseHTTPRequestHandler):
            @property
            def protocol_version(self) -> str:  # type: ignore[override]
                return bmc.protocol

            def do_GET(self) -> None:
                login = self.headers.get("Authorization", "")
                bmc.asked.append((self.path, login))
                names = {base64.b64encode(f"{one.name}:{one.password}".encode()).decode() for one in bmc.accounts}
                allowed = login.removeprefix("Basic ") in names
                found = bmc.system if self.path == PATH else bmc.systems
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler

    def look(self, certificate: str | None, factory: Login | None = None, address: str = "127.0.0.1") -> BmcSeen:
        found = RedfishBmcs(self.port, SITE, factory, timeout=5).look([BmcTarget(7, address, certificate)], 10)
        return found[7]


@pytest.fixture
def bmc(tmp_path: Path) -> Iterator[Bmc]:
    made = Bmc(tmp_path)
    yield made
    made.web.shutdown()
    made.web.server_close()


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
def test_serial_power_and_health_are_told_whether_or_not_it_keeps_the_connection(bmc: Bmc, protocol: str) -> None:
    bmc.protocol = protocol
    seen = bmc.look(bmc.fingerprint, FACTORY)
    assert seen == BmcSeen(bmc.fingerprint, "", True, "S1", "On", "Warning", factory=False)
    assert [path for path, _ in bmc.asked] == ["/redfish/v1/Systems", PATH, "/redfish/v1/Systems"]


def test_a_bmc_with_another_certificate_or_none_on_record_is_sent_nothing(bmc: Bmc) -> None:
    for recorded in ("00" * 32, None):
        assert bmc.look(recorded, FACTORY) == BmcSeen(bmc.fingerprint)
    assert bmc.asked == []


def test_a_login_that_is_refused_is_tried_once(bmc: Bmc) -> None:
    bmc.accounts = []
    seen = bmc.look(bmc.fingerprint)
    assert (seen.login, seen.serial) == (False, None)
    assert len(bmc.asked) == 1


def test_a_factory_login_that_works_is_told_and_none_is_tried_where_none_is_known(bmc: Bmc) -> None:
    assert bmc.look(bmc.fingerprint).factory is None
    assert bmc.look(bmc.fingerprint, SITE).factory is None
    bmc.accounts.append(FACTORY)
    assert bmc.look(bmc.fingerprint, FACTORY).factory is True


@pytest.mark.parametrize("wrong", [b"<html>", b"{}", {"Members": []}, {"Members": [{"@odata.id": PATH}] * 2}])
def test_what_is_no_redfish_is_told_and_breaks_nothing(bmc: Bmc, wrong: Any) -> None:
    bmc.systems = wrong
    seen = bmc.look(bmc.fingerprint)
    assert (seen.certificate, seen.login, seen.serial) == (bmc.fingerprint, None, None)
    assert seen.trouble


def test_one_that_does_not_answer_is_told_and_the_others_are_looked_at(bmc: Bmc) -> None:
    targets = [BmcTarget(1, "127.0.0.2", bmc.fingerprint), BmcTarget(2, "127.0.0.1", bmc.fingerprint)]
    with ThreadingHTTPServer(("127.0.0.3", 0), BaseHTTPRequestHandler):
        found = RedfishBmcs(bmc.port, SITE, timeout=5).look(targets, 10)
    assert found[1].certificate is None
    assert f"does not answer on port {bmc.port}" in found[1].trouble
    assert found[2].login is True


def test_when_the_time_is_over_the_rest_is_left(bmc: Bmc) -> None:
    found = RedfishBmcs(bmc.port, SITE).look([BmcTarget(number, "127.0.0.1", None) for number in range(500)], 0.0)
    assert len(found) < 500


def test_an_ssh_server_is_known_by_its_greeting() -> None:
    class Greeting(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n" if self.request.getsockname()[0] == "127.0.0.1" else b"220 smtp\r\n")

    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as ssh:
        port = ssh.server_port
        with ThreadingHTTPServer(("127.0.0.2", port), Greeting) as other:
            for server in (ssh, other):
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            found = SshDoors(timeout=5, port=port).knock({1: "127.0.0.1", 2: "127.0.0.2", 3: "127.0.0.3"}, 10)
            for server in (ssh, other):
                server.shutdown()
    assert found == {1: True, 2: False, 3: False}
