"""docs/policy.md names every key that a policy file may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from turnup.adapters.policy_yaml import SCHEMAS

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text()
TABLES = {
    "site": PAGE.split("## `inventory/sites")[1].split("## `inventory/hardware")[0],
    "hardware": PAGE.split("## `inventory/hardware")[1].split("## IPv6")[0],
}


def keys(schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Every key, dotted, that has no further keys of its own."""
    for name, value in schema.get("properties", {}).items():
        if value.get("properties"):
            yield from keys(value, f"{where}{name}.")
        else:
            yield f"{where}{name}"


SCHEMA_KEYS = [(kind, key) for kind in TABLES for key in keys(yaml.safe_load((SCHEMAS / f"{kind}.yaml").read_text()))]


@pytest.mark.parametrize(("kind", "key"), SCHEMA_KEYS)
def test_every_key_is_explained(kind: str, key: str) -> None:
    group, _, last = key.rpartition(".")
    assert f"`{key}`" in TABLES[kind] or (f"`{group}." in TABLES[kind] and f"`.{last}`" in TABLES[kind])


@pytest.mark.parametrize("kind", TABLES)
def test_what_may_be_left_out_is_in_italics(kind: str) -> None:
    schema = yaml.safe_load((SCHEMAS / f"{kind}.yaml").read_text())
    rows = [line.split("|")[1].strip() for line in TABLES[kind].splitlines() if line.startswith(("| `", "| *`"))]
    for key in schema["properties"]:
        of_key = [row for row in rows if f"`{key}" in row]
        assert of_key, key
        assert all(row.startswith("*") for row in of_key) == (key not in schema["required"]), key
