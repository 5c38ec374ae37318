"""What turnup needs to exist in a NetBox, read from `inventory/netbox/` and checked before anything is sent.

One file a kind, `<kind>.yaml`: a list of objects in the words of NetBox's API. A new kind is a row of `KINDS` and a file. What
makes NetBox deliver to Airflow and link to it (`TIES`) is read apart: each installation has URLs and a secret of its own for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from turnup.domain.errors import Problem, Refused

type Value = str | int | bool | list[str] | dict[str, Any]

INVENTORY = Path(__file__).resolve().parents[4] / "inventory" / "netbox"


@dataclass(frozen=True)
class Kind:
    """A kind of NetBox object: its file and API path, the field that tells two apart, and {field: type} of what may be said.

    `ours`: turnup alone uses it, so that what differs is put right. What is shared with others is created and then left alone.
    """

    name: str
    path: str
    key: str
    required: Mapping[str, type]
    optional: Mapping[str, type]
    ours: bool = True


KINDS = (
    Kind(
        name="custom_fields",
        path="extras/custom-fields",
        key="name",
        required={"name": str, "type": str, "object_types": list},
        optional={
            "label": str,
            "group_name": str,
            "description": str,
            "validation_regex": str,
            "ui_visible": str,
            "ui_editable": str,
            "filter_logic": str,
            "required": bool,
            "weight": int,
        },
    ),
    Kind(
        name="tags",
        path="extras/tags",
        key="slug",
        required={"name": str, "slug": str},
        optional={"color": str, "description": str, "object_types": list, "weight": int},
    ),
    Kind(
        name="prefix_roles",
        path="ipam/roles",
        key="slug",
        required={"name": str, "slug": str},
        optional={"description": str, "weight": int},
        ours=False,
    ),
)

WEBHOOKS = Kind(
    name="webhooks",
    path="extras/webhooks",
    key="name",
    required={"name": str},
    optional={
        "description": str,
        "http_method": str,
        "http_content_type": str,
        "additional_headers": str,
        "body_template": str,
        "ssl_verification": bool,
    },
)
EVENT_RULES = Kind(
    name="event_rules",
    path="extras/event-rules",
    key="name",
    required={"name": str, "webhook": str, "object_types": list, "event_types": list, "conditions": dict},
    optional={"description": str, "enabled": bool},
)
CUSTOM_LINKS = Kind(
    name="custom_links",
    path="extras/custom-links",
    key="name",
    required={"name": str, "object_types": list, "link_text": str, "path": str},
    optional={"enabled": bool, "group_name": str, "weight": int, "new_window": bool, "button_class": str},
)
TIES = (WEBHOOKS, EVENT_RULES, CUSTOM_LINKS)


@dataclass(frozen=True)
class Definition:
    """One object that has to exist: {field: value} as NetBox's API takes them."""

    kind: Kind
    fields: Mapping[str, Value]

    @property
    def key(self) -> str:
        """What tells it apart from others of its kind."""
        return str(self.fields[self.kind.key])


def read_definitions(folder: Path = INVENTORY, kinds: Sequence[Kind] = KINDS) -> tuple[Definition, ...]:
    """Read these kinds' files, in the kinds' order. Refused: with every mistake in the files at once."""
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}.", "name the one with turnup's definitions.")
    known = [kind.name for kind in (*KINDS, *TIES)]
    problems = [
        Problem(file.name, "is no kind that turnup knows.", f"there are: {', '.join(known)}.")
        for file in sorted(folder.glob("*.y*ml"))
        if file.suffix != ".yaml" or file.stem not in known
    ]
    definitions: list[Definition] = []
    for kind in kinds:
        file = folder / f"{kind.name}.yaml"
        if file.exists():
            found = _read_file(kind, file, problems)
            definitions += found
    if problems:
        raise Refused(f"{folder} has {len(problems)} mistake(s):\n" + "\n".join(f"  - {problem}" for problem in problems))
    return tuple(definitions)


def _read_file(kind: Kind, file: Path, problems: list[Problem]) -> list[Definition]:
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        problems.append(Problem(file.name, f"is not YAML: {' '.join(str(error).split())}"))
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(Problem(file.name, "has to be a list of objects, each beginning with `- `."))
        return []
    definitions: list[Definition] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        subject = f"{file.name}, {row.get(kind.key) or f'object {number}'}"
        wrong = _mistakes(kind, row)
        if row.get(kind.key) in seen:
            wrong.append(f"is there twice: two objects of one {kind.key}.")
        problems += [Problem(subject, what) for what in wrong]
        if not wrong:
            definitions.append(Definition(kind, row))
            seen.add(row[kind.key])
    return definitions


def _mistakes(kind: Kind, row: Mapping[str, object]) -> list[str]:
    types = {**kind.required, **kind.optional}
    wrong = [f"lacks {field!r}." for field in kind.required if field not in row]
    for field, value in row.items():
        expected = types.get(field)
        if expected is None:
            close = get_close_matches(str(field), types, n=1)
            wrong.append(f"has an unknown field {field!r}" + (f"; did you mean {close[0]!r}?" if close else "."))
        elif type(value) is not expected:
            hint = ' YAML reads a bare yes or no as a truth value: write "no".' if isinstance(value, bool) else ""
            wrong.append(f"has {field!r} as {type(value).__name__}, which has to be {expected.__name__}.{hint}")
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            wrong.append(f"has something else than text in {field!r}.")
    return wrong
