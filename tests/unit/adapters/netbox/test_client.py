"""How requests are made, and what their failures become."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.adapters.netbox.conftest import Answer, Asked, Server
from turnup.adapters.netbox.client import LONGEST_QUERY, Client, Exhausted, Moved, chunks
from turnup.domain.errors import Conflict, Refused, Transient, TurnupError


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url + "/", "nbt_abcdefghijkl.secret", timeout=5)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, Refused),
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (404, Refused),
        (409, Refused),
        (412, Conflict),
        (429, Transient),
        (500, Transient),
        (502, Transient),
        (503, Transient),
    ],
)
def test_every_failure_is_sorted_by_what_a_person_does(
    server: Server, client: Client, status: int, expected: type[TurnupError]
) -> None:
    server.answers = [Answer({"detail": "so says NetBox"}, status)]
    with pytest.raises(TurnupError) as raised:
        client.change("dcim/devices", 1, {"status": "active"})
    assert type(raised.value) in (expected, Moved)
    assert isinstance(raised.value, expected)
    assert client.requests == 1


@pytest.mark.parametrize("status", [400, 403, 500])
def test_netboxs_own_words_are_passed_on(server: Server, client: Client, status: int) -> None:
    server.answers = [
        Answer({"detail": "1 of 2 objects failed.", "errors": [{"id": 7, "errors": {"serial": ["Too long."]}}]}, status)
    ]
    with pytest.raises(TurnupError, match=r"1 of 2 objects failed\.; 7 serial: Too long\."):
        client.change_all("dcim/devices", [{"id": 7}])


def test_an_error_page_that_is_not_json_is_cut_short(server: Server, client: Client) -> None:
    server.answers = [Answer("<html>\n  Bad   Gateway " + "x" * 9000, 502)]
    with pytest.raises(Transient, match="Bad Gateway") as raised:
        client.row("dcim/devices", 1)
    assert len(str(raised.value)) < 700


def test_a_missing_custom_field_names_the_command_that_creates_it(server: Server, client: Client) -> None:
    server.answers = [Answer({"__all__": ["Unknown field name 'turnup_claim' in custom field data."]}, 400)]
    with pytest.raises(Refused, match="turnup-netbox ensure"):
        client.change("dcim/devices", 1, {})


def test_409_for_addresses_means_that_there_are_not_enough(server: Server, client: Client) -> None:
    server.answers = [Answer({"detail": "Insufficient resources"}, 409)]
    with pytest.raises(Exhausted):
        client.create("ipam/prefixes/1/available-ips", [{}])


def test_a_refused_connection_is_transient_and_names_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Transient, match=url):
            Client(url, "token").row("dcim/devices", 1)


def test_a_server_that_does_not_answer_is_transient_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", "token", timeout=0.1)
        with pytest.raises(Transient, match="does not answer"):
            client.row("dcim/devices", 1)


def test_a_web_server_that_is_not_netbox_is_refused(server: Server, client: Client) -> None:
    server.answers = [Answer("<html>Welcome to nginx!</html>")]
    with pytest.raises(Refused, match="not NetBox's API"):
        client.row("dcim/devices", 1)


def test_a_redirect_is_refused_and_names_where_to(server: Server, client: Client) -> None:
    server.answers = [Answer({}, 301, {"Location": "https://netbox.example.com/"})]
    with pytest.raises(Refused, match=r"https://netbox\.example\.com/"):
        client.delete("dcim/devices", [1], "test")
    assert len(server.asked) == 1


def test_a_url_without_scheme_is_refused() -> None:
    with pytest.raises(Refused, match="URL"):
        Client("netbox.example.com", "token").row("dcim/devices", 1)


def test_a_ca_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        Client("https://127.0.0.1:1", "token", ca=str(tmp_path / "none.crt")).row("dcim/devices", 1)


@pytest.mark.parametrize(("token", "header"), [("nbt_abcdefghijkl.x", "Bearer nbt_abcdefghijkl.x"), ("0123", "Token 0123")])
def test_old_and_new_tokens_are_sent_as_netbox_wants_them(server: Server, token: str, header: str) -> None:
    server.answers = [Answer({"id": 1})]
    Client(server.url, token).row("dcim/devices", 1)
    assert server.asked[0].headers["Authorization"] == header


def test_the_environments_proxy_is_not_asked(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    server.answers = [Answer({"id": 1})]
    assert client.row("dcim/devices", 1) == {"id": 1}


def test_a_list_is_read_to_its_last_page_from_the_address_of_the_connection(server: Server, client: Client) -> None:
    def page(asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"][0]), int(asked.query["limit"][0])
        results = [{"id": number} for number in range(offset, min(offset + min(limit, 2), 5))]
        return Answer({"count": 5, "next": "http://elsewhere.example/", "previous": None, "results": results})

    server.answer = page
    assert client.rows("dcim/devices", fields="id") == [{"id": number} for number in range(5)]
    assert [asked.query["offset"] for asked in server.asked] == [["0"], ["2"], ["4"]]
    assert {asked.query["fields"][0] for asked in server.asked} == {"id"}


def test_no_more_rows_are_asked_for_than_wanted(server: Server, client: Client) -> None:
    server.answers = [Answer({"count": 50, "next": None, "previous": None, "results": [{"id": 1}, {"id": 2}]})]
    assert len(client.rows("dcim/devices", at_most=2)) == 2
    assert server.asked[0].query["limit"] == ["2"]


def test_many_values_are_asked_for_in_urls_that_web_servers_take(server: Server, client: Client) -> None:
    def found(asked: Asked) -> Answer:
        rows = [{"mac_address": mac} for mac in asked.query["mac_address"]]
        return Answer({"count": len(rows), "next": None, "previous": None, "results": rows})

    server.answer = found
    macs = [f"02:18:01:00:{number // 256:02x}:{number % 256:02x}" for number in range(500)]
    rows = client.rows_by("dcim/mac-addresses", "mac_address", macs + macs, fields="mac_address")
    assert [row["mac_address"] for row in rows] == macs
    assert max(asked.length for asked in server.asked) < 8000
    assert 1 < len(server.asked) < 6


def test_no_values_ask_for_nothing_instead_of_everything(server: Server, client: Client) -> None:
    assert client.rows_by("dcim/devices", "serial", []) == []
    assert client.create("dcim/devices", []) == []
    client.change_all("dcim/devices", [])
    client.delete("dcim/devices", [], "none")
    assert server.asked == []


def test_a_value_longer_than_a_group_still_gets_one() -> None:
    long = "x" * (LONGEST_QUERY + 1)
    assert list(chunks(["a", long, "b"], 6)) == [["a"], [long], ["b"]]


def test_a_changelog_message_is_cut_to_what_netbox_keeps(server: Server, client: Client) -> None:
    server.answers = [Answer(status=204)]
    client.delete("ipam/ip-addresses", [3], "m" * 300)
    assert server.asked[0].body == [{"id": 3, "changelog_message": "m" * 200}]


def patient(server: Server) -> Client:
    return Client(server.url, "token", timeout=5, pauses=(0, 0))


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.rows("dcim/devices"),
        lambda client: client.row("dcim/devices", 1),
        lambda client: client.change("dcim/devices", 1, {"status": "active"}, 'W/"1"'),
        lambda client: client.change_all("dcim/devices", [{"id": 1, "status": "active"}]),
        lambda client: client.delete("ipam/ip-addresses", [1], "gone"),
    ],
    ids=["rows", "row", "change", "change_all", "delete"],
)
def test_a_patient_client_tries_again_what_may_be_done_twice(server: Server, call: Callable[[Client], object]) -> None:
    unavailable = [Answer("<html>Bad Gateway</html>", 502), Answer({"detail": "starting"}, 503)]
    server.answers = [*unavailable, Answer({"count": 1, "next": None, "results": [{"id": 1}]})]
    call(patient(server))
    assert len(server.asked) == 3
    server.answers = [*unavailable, Answer({"detail": "starting"}, 503)]
    with pytest.raises(Transient, match="503"):
        call(patient(server))


def test_even_a_patient_client_creates_but_once_and_asks_but_once_where_it_is_refused(server: Server) -> None:
    server.answers = [Answer({"detail": "starting"}, 503), Answer({"detail": "no"}, 403)]
    with pytest.raises(Transient):
        patient(server).create("extras/journal-entries", [{"comments": "hello"}])
    with pytest.raises(Refused):
        patient(server).row("dcim/devices", 1)
    assert len(server.asked) == 2
