"""Domain values as JSON in a run's folder, and back. pydantic does the reading: it checks types and says where they are wrong."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from turnup.domain.errors import Conflict, Refused
from turnup.flow.job import Job
from turnup.ports import Records


def load[T](kind: type[T], content: bytes, name: str) -> T:
    """Read a frozen dataclass back from its JSON. Refused: it is not what this version of turnup writes."""
    try:
        found: T = _adapter(kind).validate_json(content)
    except ValidationError as error:
        raise Refused(
            f"{name} of this run cannot be read by this version of turnup: {error}", "start a new run.", cause="record-unreadable"
        ) from error
    return found


def dump(kind: type[Any], value: object) -> bytes:
    """A dataclass as JSON."""
    content: bytes = _adapter(kind).dump_json(value)
    return content


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""Each made once: that takes a hundred times as long as to read with it."""


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def keep(job: Job, kind: str, document: dict[str, Any]) -> None:
    """Keep one more document of a kind about the job's server. The same as the latest is not kept twice."""
    records, server = job.ports.records, job.server.name
    content = json.dumps(document, sort_keys=True).encode()
    count = len(_names(records, kind, server))
    if count and records.read(_name(kind, server, count)) == content:
        return
    records.write(_name(kind, server, count + 1), content)


def append(records: Records, folder: str, content: bytes) -> int:
    """Keep one more numbered file in a folder; its number. Who adds another at the same moment gets another number."""
    number = sum(name.endswith(".json") for name in records.names(folder)) + 1
    while True:
        try:
            records.write(f"{folder}/{number}.json", content)
        except Conflict:
            number += 1
        else:
            return number


def latest(job: Job, kind: str) -> dict[str, Any] | None:
    """The latest document of a kind about the job's server."""
    records, server = job.ports.records, job.server.name
    count = len(_names(records, kind, server))
    if not count:
        return None
    content = records.read(_name(kind, server, count))
    document: dict[str, Any] = json.loads(content or b"{}")
    return document


def attempts(job: Job, kind: str) -> int:
    """How many documents of a kind there are about the job's server."""
    return len(_names(job.ports.records, kind, job.server.name))


def _name(kind: str, server: str, number: int) -> str:
    return f"{kind}/{server}/{number}.json"


def _names(records: Records, kind: str, server: str) -> tuple[str, ...]:
    return records.names(f"{kind}/{server}")
