"""What a connection type is: fields with labels that people read, and a hook with a test that answers in plain words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from turnup.domain.errors import Refused, Transient, TurnupError

STANDARD = ("host", "port", "schema", "login", "password")
"""Airflow's own fields, in the form's order; every other field is a key of the connection's extra."""

EMPTY = (None, "", 0)
"""What counts as nothing, in each field. Port 0 is what Airflow 3.3.2 needs to test a connection that has none (see the form)."""

TIMEOUT = 10.0  # seconds that a test waits for each answer: a person is looking at the form

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Field:
    """One field of a form. `meaning`, `section` (a heading in the form) and `default` show where it is none of Airflow's own."""

    name: str
    label: str
    example: str = ""
    meaning: str = ""
    section: str = ""
    default: str | int | None = None
    required: bool = False
    secret: bool = False

    def __str__(self) -> str:
        return f"{self.section}: {self.label}" if self.section else self.label


class Hook:
    """What Airflow makes of a connection of this type. Refused: there is no such connection, `named_by` says who wants it."""

    conn_name_attr: ClassVar[str] = "conn_id"
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]  # what the type is called in the form's list
    fields: ClassVar[tuple[Field, ...]]

    def __init__(self, conn_id: str, named_by: str = "") -> None:
        self.conn_id = conn_id
        self._values = _values(conn_id, named_by)

    def look(self) -> str:
        """What a test finds when all is well. TurnupError: what is not, and what to do about it."""
        raise NotImplementedError

    def test_connection(self) -> tuple[bool, str]:
        """Airflow's *Test connection*: whether turnup can work with it, and why not. Changes nothing that lasts."""
        try:
            self.complete()
            return True, self.look()
        except TurnupError as error:
            what = error.what if error.what.endswith((".", "?")) else f"{error.what}."
            return False, f"{what} Next: {error.advice}" if error.advice else what
        except Exception as error:
            log.exception("The test of the connection %s failed", self.conn_id)
            return False, f"The test itself failed ({type(error).__name__}). Next: look at the log of Airflow's API server."

    def complete(self) -> None:
        """Nothing that is required is empty. Refused: with the label of everything that is."""
        missing = [str(field) for field in self.fields if field.required and not self.text(field.name)]
        if missing:
            raise Refused(
                f"The Airflow connection {self.conn_id!r} ({self.hook_name}) lacks: {', '.join(missing)}.",
                "fill it in under Admin > Connections.",
                cause="connection-incomplete",
            )

    def text(self, name: str) -> str:
        """What was filled in, else the field's default, else nothing."""
        field, value = self._field(name), self._values.get(name)
        text = str(field.default or "" if value is None else value)
        return text if field.secret else text.strip()

    def number(self, name: str) -> int:
        """The same as a number. Refused: it is none."""
        text = self.text(name)
        if not text.isdecimal():
            raise Refused(
                f"{self._field(name)} of the Airflow connection {self.conn_id!r} is no number: {text!r}.",
                "correct it under Admin > Connections.",
                cause="connection-incomplete",
            )
        return int(text)

    def url(self, name: str = "host") -> str:
        """A field as a URL. In Airflow's URIs the port comes apart from the host: it is put where it belongs."""
        text, port = self.text(name), self._values.get("port") if name == "host" else None
        wrong = f"is no URL: {text!r}" if "@" not in text else "has an account in it, which belongs into the fields for that"
        try:
            parts = urlsplit(text)
            if parts.port is None and port:
                parts = parts._replace(netloc=f"{parts.netloc}:{port}")
            if parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc:
                return parts.geturl()
        except ValueError:
            pass
        raise Refused(
            f"{self._field(name)} of the Airflow connection {self.conn_id!r} {wrong}.",
            "correct it under Admin > Connections: https://name:port/ or http://name:port/.",
            cause="connection-incomplete",
        )

    def _field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def _values(conn_id: str, named_by: str) -> Mapping[str, Any]:
    """{field: what was filled in}, of Airflow's own fields and of the extra; nothing empty."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    try:
        found = BaseHook.get_connection(conn_id)
    except AirflowRuntimeError as error:
        raise Transient(
            f"Airflow did not give the connection {conn_id!r}: {error}",
            "look at the API server's log.",
            cause="airflow-unavailable",
        ) from error
    except AirflowNotFoundException:
        wanted = f", which {named_by}" if named_by else ""
        raise Refused(
            f"There is no Airflow connection {conn_id!r}{wanted}.",
            "add it under Admin > Connections, or correct the name.",
            cause="connection-missing",
        ) from None
    filled = {**found.extra_dejson, **{name: value for name in STANDARD if (value := getattr(found, name)) not in EMPTY}}
    return {name: value for name, value in filled.items() if value not in EMPTY}
