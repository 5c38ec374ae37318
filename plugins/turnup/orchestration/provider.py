"""What Airflow asks an installed package for: turnup's connection types, with their forms.

Every program of Airflow reads this at its start, before all of Airflow can be imported: nothing here may import it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from turnup.orchestration.hooks import HOOKS
from turnup.orchestration.hooks.kind import STANDARD, Field, Hook


def get_provider_info() -> dict[str, Any]:
    """The entry point `apache_airflow_provider`, in the words of Airflow's provider_info.schema.json."""
    return {
        "package-name": "turnup",
        "name": "turnup",
        "description": "Installs data-center servers: NetBox, Kea, Redfish and Salt as connections.",
        "connection-types": [_connection_type(hook) for _, hook in sorted(HOOKS.items())],
    }


PORT = Field("port", "Port", "0")
PORT_HINT = "(without a port, Airflow 3.3.2 cannot test it)"
"""Airflow's UI sends port 0 for none and is then refused, as if it asked for another server than the one that it knows.

Mended after 3.3.2 (apache/airflow#73298). Until then every form has a port, also where nothing but 0 makes sense.
"""


def _connection_type(hook: type[Hook]) -> dict[str, Any]:
    own = {field.name: field for field in (PORT, *hook.fields) if field.name in STANDARD}
    own["port"] = replace(own["port"], example=f"{own['port'].example} {PORT_HINT}")
    return {
        "connection-type": hook.conn_type,
        "hook-class-name": f"{hook.__module__}.{hook.__name__}",
        "hook-name": hook.hook_name,
        "ui-field-behaviour": {
            "hidden-fields": [name for name in STANDARD if name not in own],
            "relabeling": {name: field.label for name, field in own.items()},
            "placeholders": {name: field.example for name, field in own.items() if field.example},
        },
        "conn-fields": {field.name: _extra(field) for field in hook.fields if field.name not in STANDARD},
    }


def _extra(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string" if field.required else ["string", "null"]}
    if field.section:
        schema["section"] = field.section
    if field.default is not None:
        schema["default"] = field.default
    if field.secret:
        schema["format"] = "password"
    return {"label": field.label, "description": field.meaning, "schema": schema}
