"""The forms of turnup's connection types, as Airflow reads them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

from turnup.orchestration.hooks import HOOKS
from turnup.orchestration.hooks.kind import STANDARD, Hook
from turnup.orchestration.provider import get_provider_info

ROOT = Path(__file__).parents[3]
TYPES: dict[str, dict[str, Any]] = {one["connection-type"]: one for one in get_provider_info()["connection-types"]}
EVERY = pytest.mark.parametrize("hook", HOOKS.values(), ids=list(HOOKS))


def schema(name: str) -> Any:
    return json.loads((Path(airflow.__file__).parent / name).read_text())


def test_there_is_a_type_for_each_service_of_a_site() -> None:
    ours = {"turnup_ssh", "turnup_boot_folder", "turnup_signing", "turnup_webhooks", "turnup_metrics", "turnup_chat"}
    assert set(TYPES) == {"netbox", "salt_api", "kea", "redfish", "haproxy"} | ours


def test_airflow_finds_it_by_its_entry_point_and_understands_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["entry-points"]["apache_airflow_provider"]["provider_info"]
    info = EntryPoint("provider_info", named, "apache_airflow_provider").load()()
    assert info == get_provider_info()
    assert info["package-name"] == project["name"]
    jsonschema.validate(info, schema("provider_info.schema.json"))


@EVERY
def test_a_form_shows_the_fields_that_are_read_and_hides_the_others(hook: type[Hook]) -> None:
    form = TYPES[hook.conn_type]
    behaviour = form["ui-field-behaviour"]
    in_python = {name.replace("-", "_"): value for name, value in behaviour.items()}
    jsonschema.validate(in_python, schema("customized_form_field_behaviours.schema.json"))
    own = {field.name: field.label for field in hook.fields if field.name in STANDARD}
    assert behaviour["relabeling"] == {"port": "Port"} | own
    assert set(behaviour["hidden-fields"]) == set(STANDARD) - set(own) - {"port"}
    assert list(form["conn-fields"]) == [field.name for field in hook.fields if field.name not in STANDARD]
    assert form["hook-name"] == hook.hook_name
    assert import_string(form["hook-class-name"]) is hook


@EVERY
def test_a_secret_is_masked_in_the_form_and_in_what_airflow_answers(hook: type[Hook]) -> None:
    for field in hook.fields:
        masked = field.name == "password" or (
            TYPES[hook.conn_type]["conn-fields"].get(field.name, {}).get("schema", {}).get("format") == "password"
            and should_hide_value_for_key(field.name)  # type: ignore[no-untyped-call]
        )
        assert masked == field.secret, field.name


@EVERY
def test_every_field_says_what_it_is_for(hook: type[Hook]) -> None:
    for field in hook.fields:
        assert field.label
        assert field.name in STANDARD or field.section, f"{field.name}: a heading, else it hides under Extra Fields"
        assert field.name in STANDARD or not field.example, f"{field.name}: Airflow shows no example there"
        assert field.name not in STANDARD or not (field.meaning or field.section), f"{field.name}: Airflow shows neither there"


def test_reading_the_forms_imports_neither_airflow_nor_any_client() -> None:
    """Every program of Airflow does it while it starts; pepper's import would tamper with its TLS."""
    program = (
        "import sys, ssl; good = ssl._create_default_https_context\n"
        "from turnup.orchestration.provider import get_provider_info; get_provider_info()\n"
        "heavy = {'airflow', 'pepper', 'requests', 'pynetbox', 'psycopg', 'paramiko', 'sushy', 'yaml', 'cryptography'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert ssl._create_default_https_context is good\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "plugins")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
