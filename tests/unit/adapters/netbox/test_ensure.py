"""Which requests `turnup-netbox ensure` makes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from jinja2.sandbox import SandboxedEnvironment

from tests.unit.adapters.netbox.conftest import Answer, Server
from turnup.adapters.netbox import ensure as command
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import CUSTOM_LINKS, KINDS, TIES, Definition, read_definitions
from turnup.adapters.netbox.ensure import MESSAGE, Receiver, ensure, ensure_ties
from turnup.domain import wishes

FIELDS, TAGS, ROLES = KINDS[:3]
HOLD = Definition(TAGS, {"name": "turnup-hold", "slug": "turnup-hold", "color": "f44336"})
CLAIM = Definition(
    FIELDS, {"name": "turnup_claim", "type": "text", "object_types": ["dcim.rack", "dcim.device"], "ui_editable": "no"}
)
ROLE = Definition(ROLES, {"name": "Management", "slug": "management"})


def rows(*found: dict[str, object]) -> Answer:
    return Answer({"count": len(found), "next": None, "previous": None, "results": list(found)})


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url, "token", timeout=5)


def test_what_is_missing_is_created_in_one_request(server: Server, client: Client) -> None:
    server.answers = [rows(), Answer([{"id": 1}], 201)]
    assert [one.what for one in ensure(client, [HOLD])] == ["created"]
    assert (server.asked[1].method, server.asked[1].path) == ("POST", "/api/extras/tags/")
    assert server.asked[1].body == [{**HOLD.fields, "changelog_message": MESSAGE}]


def test_only_the_fields_that_differ_are_written(server: Server, client: Client) -> None:
    current = {"id": 4, "name": "turnup-hold", "slug": "turnup-hold", "color": "000000", "description": "mine"}
    server.answers = [rows(current), Answer([{"id": 4}])]
    [outcome] = ensure(client, [HOLD])
    assert str(outcome) == "changed    tags  turnup-hold  (color: '000000' -> 'f44336')"
    assert server.asked[1].body == [{"id": 4, "color": "f44336", "changelog_message": MESSAGE}]


def test_choices_and_lists_in_another_order_are_no_difference(server: Server, client: Client) -> None:
    choice = {"value": "text", "label": "Text"}
    hidden = {"value": "no", "label": "No"}
    current = {
        "id": 2,
        "name": "turnup_claim",
        "type": choice,
        "object_types": ["dcim.device", "dcim.rack"],
        "ui_editable": hidden,
    }
    server.answers = [rows(current)]
    assert [one.what for one in ensure(client, [CLAIM])] == ["unchanged"]
    assert len(server.asked) == 1


def test_what_others_use_too_is_left_as_it_is(server: Server, client: Client) -> None:
    server.answers = [rows({"id": 9, "name": "Servers, primary", "slug": "management"})]
    assert [one.what for one in ensure(client, [ROLE])] == ["unchanged"]
    assert len(server.asked) == 1


def test_a_dry_run_only_reads(server: Server, client: Client) -> None:
    server.answers = [rows({"id": 4, "name": "other", "slug": "turnup-hold", "color": "f44336"}), rows()]
    assert [one.what for one in ensure(client, [HOLD, ROLE], dry_run=True)] == ["changed", "created"]
    assert {asked.method for asked in server.asked} == {"GET"}


SECRET = "correct-horse-battery-staple"
TO = Receiver("https://airflow.example/", SECRET)
WISHES = read_definitions(kinds=TIES[:2])
LINKS = read_definitions(kinds=(CUSTOM_LINKS,))


def as_netbox_has_it(body: dict[str, object], key: int) -> dict[str, object]:
    """An object as NetBox answers it after it took it."""
    return {**body, "id": key, "action_type": {"value": "webhook", "label": "Webhook"}}


def test_the_webhook_is_made_first_and_the_rules_name_it_by_its_id(server: Server, client: Client) -> None:
    server.answers = [rows(), Answer([{"id": 5}], 201), rows({"id": 5, "name": "turnup_airflow"}), rows(), Answer([], 201)]
    assert [one.what for one in ensure_ties(client, WISHES, TO)] == ["created"] * 3
    (webhook,), rules = server.asked[1].body, server.asked[4].body
    assert webhook["payload_url"] == "https://airflow.example/turnup/webhooks/netbox"
    assert (webhook["secret"], webhook["body_template"], "ca_file_path" in webhook) == (SECRET, "", False)
    assert {(rule["action_object_type"], rule["action_object_id"]) for rule in rules} == {("extras.webhook", 5)}
    assert all("webhook" not in rule for rule in rules)
    assert {rule["name"] for rule in rules} == {"turnup_install", "turnup_decommission"}


def test_what_is_as_it_should_be_is_not_written_and_a_changed_secret_is_without_being_said(
    server: Server, client: Client
) -> None:
    server.answers = [rows(), Answer([{"id": 5}], 201), rows({"id": 5, "name": "turnup_airflow"}), rows(), Answer([], 201)]
    ensure_ties(client, WISHES, TO)
    webhook = as_netbox_has_it(server.asked[1].body[0], 5)
    rules = [as_netbox_has_it(rule, key) for key, rule in enumerate(server.asked[4].body)]
    there = [rows(webhook), rows(webhook), rows(*rules)]
    server.answers, server.asked = list(there), []
    assert [one.what for one in ensure_ties(client, WISHES, TO)] == ["unchanged"] * 3
    assert {asked.method for asked in server.asked} == {"GET"}
    server.answers = [there[0], Answer([webhook]), *there[1:]]
    outcomes = ensure_ties(client, WISHES, Receiver("https://airflow.example", "n" * 32))
    assert str(outcomes[0]) == "changed    webhooks  turnup_airflow  (secret)"


def test_a_dry_run_says_what_a_first_run_would_make(server: Server, client: Client) -> None:
    server.answers = [rows(), rows(), rows()]
    assert [one.what for one in ensure_ties(client, WISHES, TO, dry_run=True)] == ["created"] * 3
    assert {asked.method for asked in server.asked} == {"GET"}


def test_the_command_wants_the_secret_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "token")
    monkeypatch.delenv("NETBOX_WEBHOOK_SECRET", raising=False)
    assert command.main(["ensure", "--url", "http://127.0.0.1:1", "--airflow", "https://airflow.example"]) == 1
    assert "NETBOX_WEBHOOK_SECRET" in capsys.readouterr().err


def test_rules_ask_for_exactly_the_changes_that_are_a_wish() -> None:
    rules = {one.key: str(one.fields["conditions"]) for one in WISHES if one.kind.name == "event_rules"}
    for wish in wishes.WISHES:
        assert any(f"'{wish.after}'" in conditions for conditions in rules.values()), wish.after
    assert len(rules) == len(wishes.WISHES)


@pytest.mark.parametrize(
    ("pages", "expected"), [("", "https://airflow.example"), ("https://people.example/a/", "https://people.example/a")]
)
def test_links_lead_to_where_people_reach_airflow(server: Server, client: Client, pages: str, expected: str) -> None:
    server.answers = [rows(), Answer([], 201)]
    to = replace(TO, pages=pages)
    assert {one.what for one in ensure_ties(client, LINKS, to)} == {"created"}
    made = server.asked[1].body
    assert server.asked[1].path == "/api/extras/custom-links/"
    assert all(link["link_url"].startswith(expected) and "path" not in link for link in made)
    server.answers = [rows(*({**link, "id": key} for key, link in enumerate(made)))]
    assert {one.what for one in ensure_ties(client, LINKS, to)} == {"unchanged"}


class Page:
    """A device or a rack, as far as the templates of links look at it."""

    def __init__(self, name: str, rack: Page | None = None, **cf: str | None) -> None:
        self.name = name
        self.rack = rack
        self.cf = cf
        self.site = SimpleNamespace(slug="dc-1")


def shown(link: str, page: Page) -> tuple[str, str]:
    """Text and URL as NetBox makes them: in a sandbox of Jinja2, then quoted once more."""
    fields = next(one for one in LINKS if one.key == link).fields
    text, path = (
        SandboxedEnvironment().from_string(str(fields[key])).render(object=page).strip() for key in ("link_text", "path")
    )
    return text, quote(path, safe="/:?&=%+[]@#,;!")


def test_links_of_a_rack_and_of_a_device_name_the_rack_whatever_its_name_is() -> None:
    rack = Page("Row 1/R&D #2 ä")
    for link, page in (("turnup_rack", rack), ("turnup_device_rack", Page("a1", rack))):
        text, url = shown(link, page)
        assert text == "Rack in Airflow"
        assert parse_qs(urlsplit(url).query) == {"site": ["dc-1"], "rack": ["Row 1/R&D #2 ä"]}
        assert urlsplit(url).fragment == ""
    assert shown("turnup_device_rack", Page("a1"))[0] == ""


def test_a_device_links_to_the_run_that_holds_it_or_held_it_last() -> None:
    run, earlier = "server_install/manual__2026-11-22T08:00:00.1+00:00", "server_decommission/netbox__x"
    text, url = shown("turnup_device_run", Page("a1", turnup_claim=run, turnup_last_run=earlier))
    assert text == "Newest run"
    assert [unquote(part) for part in url.split("/")] == ["", "dags", *run.split("/")[:1], "runs", *run.split("/")[1:]]
    assert "+" not in url
    assert shown("turnup_device_run", Page("a1", turnup_claim=None, turnup_last_run=earlier))[1].endswith("/runs/netbox__x")
    assert shown("turnup_device_run", Page("a1", turnup_claim=None, turnup_last_run=None))[0] == ""
    assert shown("turnup_device_run", Page("a1"))[0] == ""
