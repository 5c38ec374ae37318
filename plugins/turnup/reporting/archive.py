"""A run's written reports: numbered versions in its folder, JSON and HTML, each written once. The newest counts."""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from turnup.domain.errors import Refused
from turnup.flow.documents import append, dump
from turnup.ports import Records
from turnup.reporting.page import page
from turnup.reporting.report import Report

FOLDER = "report"


def write(records: Records, report: Report) -> int:
    """Keep the report as the newest version; its number. One that says the same as the newest is not written again."""
    numbers = versions(records)
    if numbers and (newest := read(records, numbers[-1])) is not None and _same(newest, report):
        return numbers[-1]
    number = append(records, FOLDER, dump(Report, report))
    records.write(f"{FOLDER}/{number}.html", page(report, number, versions(records)).encode())
    return number


def versions(records: Records) -> tuple[int, ...]:
    """The numbers of the versions, oldest first."""
    names = (name.removeprefix(f"{FOLDER}/") for name in records.names(FOLDER))
    return tuple(sorted(int(name.removesuffix(".json")) for name in names if name.endswith(".json")))


def read(records: Records, number: int) -> Report | None:
    """A version; None where there is none. Refused: it was changed, or is of a turnup that wrote something else."""
    content = records.read(f"{FOLDER}/{number}.json")
    if content is None:
        return None
    try:
        return TypeAdapter(Report).validate_json(content)
    except ValidationError as error:
        raise Refused(
            f"Version {number} of the report cannot be read by this version of turnup: {error}",
            "read its JSON instead.",
            cause="record-unreadable",
        ) from error


def _same(one: Report, other: Report) -> bool:
    """Whether they differ in nothing but when they were written."""
    return replace(one, written_at="") == replace(other, written_at="")
