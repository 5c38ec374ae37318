"""What Airflow's *Test connection* answers: plain words, what to do next, never a traceback, never a secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import self_signed
from turnup.domain.errors import Refused
from turnup.orchestration.hooks import HOOKS
from turnup.orchestration.hooks.kind import Field, Hook
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.hooks.redfish import RedfishHook
from turnup.orchestration.hooks.turnup_boot_folder import BootFolderHook
from turnup.orchestration.hooks.turnup_ssh import SshHook

SECRET = "correct-horse-battery"
KEA = {"host": "127.0.0.1", "schema": "kea", "login": "turnup", "password": SECRET}
CONTROL = {"control_username": "turnup", "control_password": SECRET}
EVERY = pytest.mark.parametrize("conn_type", list(HOOKS))

type Connect = Callable[..., Hook]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """The hook of a connection that Airflow finds in its environment, as it does with those of the UI's test."""

    def made(conn_type: str, **fields: Any) -> Hook:
        monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({"conn_type": conn_type, **fields}))
        return HOOKS[conn_type]("mine")

    return made


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody listens, as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="module")
def key() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def said(hook: Hook) -> str:
    """What a test that does not succeed says."""
    ok, message = hook.test_connection()
    assert not ok
    assert "Next: " in message
    assert SECRET not in message
    assert "Traceback" not in message
    return message


@EVERY
def test_an_empty_connection_is_told_everything_that_is_missing_by_its_label(connect: Connect, conn_type: str) -> None:
    message = said(connect(conn_type))
    for field in HOOKS[conn_type].fields:
        assert (str(field) in message) == (field.required and field.default is None), field.name


def test_a_connection_that_is_not_there_is_named_with_who_wants_it() -> None:
    with pytest.raises(Refused, match=r"no Airflow connection 'mine', which inventory/sites/x\.yaml names for netbox"):
        NetBoxHook("mine", "inventory/sites/x.yaml names for netbox")


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a connection to HAProxy has, with a certificate that serves both sides."""
    certificate, key, _ = self_signed(tmp_path_factory.mktemp("haproxy"), "turnup")
    return {"ca": str(certificate), "certificate": certificate.read_text(), "private_key": key.read_text()}


def test_a_service_that_does_not_answer_is_named(connect: Connect, nobody: int, pinned: dict[str, str]) -> None:
    address, url = "127.0.0.1", f"//127.0.0.1:{nobody}/"
    assert "NetBox at http" in said(connect("netbox", host=f"http:{url}", password=SECRET))
    assert "salt-api at http" in said(connect("salt_api", host=f"https:{url}", login="turnup", password=SECRET))
    assert "control agent at http" in said(connect("kea", **KEA, port=nobody, extra={**CONTROL, "control_url": f"http:{url}"}))
    redfish = {"login": "admin", "password": SECRET, "port": nobody, "extra": {"test_address": address}}
    assert "BMC at 127.0.0.1 does not answer" in said(connect("redfish", **redfish))
    assert f"HAProxy at 127.0.0.1:{nobody} does not answer" in said(
        connect("haproxy", host=f"{address}, 127.0.0.2", port=nobody, extra=pinned)
    )


def test_certificates_of_haproxy_are_read_without_line_breaks_too_and_never_repeated(
    connect: Connect, nobody: int, pinned: dict[str, str]
) -> None:
    there = {"host": "127.0.0.1", "port": nobody}
    joined = pinned | {name: " ".join(pinned[name].split()) for name in ("certificate", "private_key")}
    assert "does not answer" in said(connect("haproxy", **there, extra=joined))
    for broken in ({"private_key": pinned["private_key"][:60]}, {"certificate": SECRET}, {"ca": "/nowhere"}):
        message = said(connect("haproxy", **there, extra=pinned | broken))
        assert "certificates of the HAProxy connection cannot be read" in message
        assert pinned["private_key"][40:60] not in message


@pytest.mark.parametrize("url", ["netbox.example.com", "ftp://netbox", "https://", "https://[::1", "https://x:port"])
def test_a_field_that_is_no_url_is_told_so(connect: Connect, url: str) -> None:
    assert said(connect("netbox", host=url, password=SECRET)).startswith("URL of the Airflow connection 'mine' is no URL")
    kea = connect("kea", **KEA, extra={**CONTROL, "control_url": url})
    assert said(kea).startswith("Control agent: URL of the Airflow connection 'mine' is no URL")


def test_a_password_in_a_url_is_refused_and_not_repeated(connect: Connect) -> None:
    assert "has an account in it" in said(connect("netbox", host=f"https://turnup:{SECRET}@netbox/", password=SECRET))


def test_salt_s_password_goes_over_tls_only(connect: Connect) -> None:
    assert "not https" in said(connect("salt_api", host="http://127.0.0.1:1", login="turnup", password=SECRET))


@pytest.mark.parametrize(("port", "url"), [(None, "https://nb/x"), (0, "https://nb/x"), (8443, "https://nb:8443/x")])
def test_a_port_apart_from_the_url_is_put_where_it_belongs(connect: Connect, port: int | None, url: str) -> None:
    assert connect("netbox", host="https://nb/x", port=port, password=SECRET).url() == url
    assert connect("netbox", host="https://nb:1/x", port=port, password=SECRET).url() == "https://nb:1/x"


def test_a_port_may_also_be_in_the_extra_and_has_to_be_a_number(connect: Connect) -> None:
    login = {"login": "admin", "password": SECRET}
    assert connect("redfish", **login).number("port") == 443
    assert connect("redfish", **login, extra={"port": 8443}).number("port") == 8443
    assert "Port of the Airflow connection 'mine' is no number: 'https'" in said(
        connect("redfish", **login, extra={"port": "https"})
    )


def test_bmcs_without_one_for_the_test_are_complete_and_it_says_that_none_was_asked(connect: Connect) -> None:
    ok, message = connect("redfish", login="admin", password=SECRET).test_connection()
    assert ok
    assert "port 443 are filled in. No BMC was asked" in message


def test_a_key_is_told_by_its_fingerprint_also_where_the_form_dropped_its_line_breaks(connect: Connect, key: str) -> None:
    as_file = connect("turnup_ssh", extra={"private_key": key}).test_connection()
    assert as_file[0]
    assert "ssh-ed25519 SHA256:" in as_file[1]
    assert "for root" in as_file[1]
    for joined in ("", " "):
        assert connect("turnup_ssh", extra={"private_key": joined.join(key.splitlines())}).test_connection() == as_file


def test_a_key_that_cannot_be_read_is_not_repeated(connect: Connect, key: str) -> None:
    half = key[: len(key) // 2]
    for broken in (half, key.replace("OPENSSH", "NO"), "nonsense " + SECRET):
        message = said(connect("turnup_ssh", extra={"private_key": broken}))
        assert "cannot be read" in message
        assert half[40:60] not in message


def test_a_boot_folder_is_written_to_and_left_as_it_was(connect: Connect, tmp_path: Path) -> None:
    ok, message = connect("turnup_boot_folder", extra={"path": str(tmp_path)}).test_connection()
    assert ok
    assert str(tmp_path) in message
    assert list(tmp_path.iterdir()) == []
    assert "is not there" in said(connect("turnup_boot_folder", extra={"path": str(tmp_path / "nowhere")}))


def test_a_test_that_fails_by_itself_says_so_in_a_sentence(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Hook):
        conn_type, hook_name, fields = "broken", "Broken", (Field("host", "Host"),)

        def look(self) -> str:
            raise ValueError(SECRET)

    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({"conn_type": "broken"}))
    assert "The test itself failed (ValueError)" in said(Broken("mine"))


def test_secrets_are_taken_as_they_are_and_other_fields_without_spaces_around_them(connect: Connect) -> None:
    hook = connect("redfish", login=" admin ", password=" with spaces ")
    assert (hook.text("login"), hook.text("password")) == ("admin", " with spaces ")


def test_a_run_and_the_test_make_the_same_adapters(connect: Connect, key: str, tmp_path: Path) -> None:
    redfish, ssh = connect("redfish", login="admin", password=SECRET), connect("turnup_ssh", extra={"private_key": key})
    folder = connect("turnup_boot_folder", extra={"path": str(tmp_path)})
    assert isinstance(redfish, RedfishHook)
    assert redfish.bmc("192.0.2.1", 5).address == "192.0.2.1"
    assert isinstance(ssh, SshHook)
    assert ssh.shell("192.0.2.1", None, 5).address == "192.0.2.1"
    assert isinstance(folder, BootFolderHook)
    assert folder.folder().read("02:00:00:00:00:01") is None
