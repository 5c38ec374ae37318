"""`turnup-netbox ensure`: what turnup needs to exist in NetBox, created or put right, never deleted.

Custom fields, tags and roles; with Airflow's URL also the webhook that delivers there, its event rules, and links to Airflow's
pages. A second run writes nothing. Token and secret come from the environment (NETBOX_TOKEN, NETBOX_WEBHOOK_SECRET), never from
an argument, which every user of the machine could read; they are never printed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from turnup.adapters.netbox.client import Client, Row, changelog
from turnup.adapters.netbox.definitions import (
    CUSTOM_LINKS,
    EVENT_RULES,
    INVENTORY,
    TIES,
    WEBHOOKS,
    Definition,
    Kind,
    Value,
    read_definitions,
)
from turnup.domain.errors import Refused, TurnupError

MESSAGE = "turnup-netbox ensure"
ENDPOINT = "/turnup/webhooks/netbox"
SECRET = "secret"  # noqa: S105 -- the field's name


@dataclass(frozen=True)
class Difference:
    """One field that is not as defined."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Outcome:
    """What became of one object: `created`, `changed` (with its differences) or `unchanged`."""

    kind: str
    key: str
    what: str
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        changes = "; ".join(
            one.field if one.field == SECRET else f"{one.field}: {one.before!r} -> {one.after!r}" for one in self.differences
        )
        return f"{self.what:9}  {self.kind}  {self.key}" + (f"  ({changes})" if changes else "")


def ensure(client: Client, definitions: Sequence[Definition], dry_run: bool = False) -> list[Outcome]:
    """Create what is missing, put right what differs; a dry run only says what it would do. Three requests a kind at most."""
    outcomes: list[Outcome] = []
    for kind, group in groupby(definitions, key=lambda one: one.kind):
        outcomes += _ensure_kind(client, kind, list(group), dry_run)
    return outcomes


@dataclass(frozen=True)
class Receiver:
    """Airflow's URL as NetBox reaches it, the secret that NetBox signs with, and the file (at NetBox) of the CA of that URL.

    `pages` is the URL under which people reach Airflow, where that is another.
    """

    airflow: str
    secret: str
    ca: str = ""
    pages: str = ""


def ensure_ties(client: Client, definitions: Sequence[Definition], to: Receiver, dry_run: bool = False) -> list[Outcome]:
    """Make sure of the webhooks, then of the event rules that use them, then of the links. Ten requests at most."""
    theirs: dict[str, Value] = {"payload_url": f"{to.airflow.rstrip('/')}{ENDPOINT}", SECRET: to.secret}
    if to.ca:
        theirs["ca_file_path"] = to.ca
    webhooks = [Definition(one.kind, {**one.fields, **theirs}) for one in definitions if one.kind == WEBHOOKS]
    outcomes = ensure(client, webhooks, dry_run)
    rows = client.rows_by(WEBHOOKS.path, WEBHOOKS.key, [one.key for one in webhooks], fields="id,name")
    ids = {str(row["name"]): int(row["id"]) for row in rows}
    outcomes += ensure(client, [_rule(one, ids) for one in definitions if one.kind == EVENT_RULES], dry_run)
    links = [_link(one, to.pages or to.airflow) for one in definitions if one.kind == CUSTOM_LINKS]
    return outcomes + ensure(client, links, dry_run)


def _link(definition: Definition, airflow: str) -> Definition:
    """As NetBox takes it: the path, in Airflow."""
    fields = dict(definition.fields)
    path = fields.pop("path")
    return Definition(definition.kind, {**fields, "link_url": f"{airflow.rstrip('/')}{path}"})


def _rule(definition: Definition, webhooks: Mapping[str, int]) -> Definition:
    """As NetBox takes it: the webhook's name becomes its id, which there is none of yet in a dry run before it was made."""
    fields = dict(definition.fields)
    key = webhooks.get(str(fields.pop("webhook")))
    action: dict[str, Value] = {"action_type": "webhook", "action_object_type": "extras.webhook"}
    return Definition(definition.kind, {**fields, **action, **({} if key is None else {"action_object_id": key})})


def _ensure_kind(client: Client, kind: Kind, definitions: Sequence[Definition], dry_run: bool) -> list[Outcome]:
    there = {row[kind.key]: row for row in client.rows_by(kind.path, kind.key, [one.key for one in definitions])}
    outcomes: list[Outcome] = []
    missing: list[Row] = []
    changed: list[Row] = []
    for definition in definitions:
        current = there.get(definition.key)
        if current is None:
            missing.append({**definition.fields, **changelog(MESSAGE)})
            outcomes.append(Outcome(kind.name, definition.key, "created"))
        elif kind.ours and (differences := _differences(current, definition.fields)):
            changed.append({"id": current["id"], **{one.field: one.after for one in differences}, **changelog(MESSAGE)})
            outcomes.append(Outcome(kind.name, definition.key, "changed", differences))
        else:
            outcomes.append(Outcome(kind.name, definition.key, "unchanged"))
    if not dry_run:
        client.create(kind.path, missing)
        client.change_all(kind.path, changed)
    return outcomes


def _differences(current: Row, wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    return tuple(
        Difference(field, before, value)
        for field, value in wanted.items()
        if (before := _plain(current.get(field))) != (sorted(value) if isinstance(value, list) else value)
    )


def _plain(value: Any) -> Any:
    """A field as NetBox takes it: a choice is answered as {value, label}, and lists come in any order."""
    if isinstance(value, dict) and value.keys() == {"value", "label"}:
        return value["value"]
    return sorted(value) if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answers its exit code: 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="turnup-netbox", description="Prepare a NetBox for turnup.")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "ensure",
        help="create or put right what turnup needs in a NetBox; never delete",
        description="Create or put right what turnup needs in a NetBox; never delete. Token: environment variable NETBOX_TOKEN. "
        "Secret of the webhook, where --airflow is given: NETBOX_WEBHOOK_SECRET.",
    )
    command.add_argument("--url", required=True, help="NetBox's address, such as https://netbox.example.com")
    command.add_argument("--ca", metavar="FILE", help="the CA that signed NetBox's certificate (default: the well-known ones)")
    command.add_argument(
        "--airflow", metavar="URL", help="where NetBox reaches Airflow: also ensure the webhook to it, and links"
    )
    command.add_argument("--airflow-pages", metavar="URL", default="", help="where people reach Airflow, if that is another URL")
    command.add_argument("--airflow-ca", metavar="FILE", default="", help="at NetBox: the CA of that URL (default: well-known)")
    command.add_argument("--definitions", type=Path, default=INVENTORY, metavar="FOLDER", help="default: %(default)s")
    command.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    options = parser.parse_args(arguments)
    try:
        token = os.environ.get("NETBOX_TOKEN")
        if not token:
            raise Refused("The environment variable NETBOX_TOKEN is empty.", "set it to an API token that may write.")
        receiver = _receiver(options)
        client = Client(options.url, token, ca=options.ca)
        outcomes = ensure(client, read_definitions(options.definitions), options.dry_run)
        if receiver is not None:
            definitions = read_definitions(options.definitions, TIES)
            outcomes += ensure_ties(client, definitions, receiver, options.dry_run)
    except TurnupError as error:
        print(error, file=sys.stderr)
        return 1
    for outcome in outcomes:
        print(outcome)
    if options.dry_run:
        print("Dry run: nothing was written.")
    return 0


def _receiver(options: argparse.Namespace) -> Receiver | None:
    if options.airflow is None:
        return None
    secret = os.environ.get("NETBOX_WEBHOOK_SECRET")
    if not secret:
        what = "The environment variable NETBOX_WEBHOOK_SECRET is empty."
        raise Refused(what, "set it to the secret of turnup's webhook connection in Airflow.")
    return Receiver(options.airflow, secret, options.airflow_ca, options.airflow_pages)


if __name__ == "__main__":
    sys.exit(main())
