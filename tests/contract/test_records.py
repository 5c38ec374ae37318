"""What every Records does: one suite over the fake and a local folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from turnup.adapters.report_store import RunRecords
from turnup.domain.errors import Conflict, Refused
from turnup.fakes.records import FakeRecords
from turnup.ports import Records

RUN_ID = "manual__2026-01-01T00:00:00+00:00/../x"
NAME = "boot/lab1-r1-n01-1.json"


@pytest.fixture(params=["fake", "folder"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    return FakeRecords() if request.param == "fake" else RunRecords(tmp_path.as_uri(), "server_install", RUN_ID)


def tamper(records: Records, tmp_path: Path) -> None:
    if isinstance(records, FakeRecords):
        records.kept[NAME] = b"other"
    else:
        next(tmp_path.rglob(Path(NAME).name)).write_bytes(b"other")


def test_content_is_read_as_it_was_written_and_its_hash_is_answered(records: Records) -> None:
    assert records.write(NAME, b"\x00{}") == hashlib.sha256(b"\x00{}").hexdigest()
    assert records.read(NAME) == b"\x00{}"


def test_the_same_again_is_no_error_and_another_content_is_a_conflict(records: Records) -> None:
    assert records.write(NAME, b"one") == records.write(NAME, b"one")
    with pytest.raises(Conflict):
        records.write(NAME, b"two")
    assert records.read(NAME) == b"one"


def test_nothing_is_there_before_writing(records: Records) -> None:
    assert records.read(NAME) is None
    assert records.names("boot") == ()


def test_a_changed_file_is_refused(records: Records, tmp_path: Path) -> None:
    records.write(NAME, b"one")
    tamper(records, tmp_path)
    with pytest.raises(Refused):
        records.read(NAME)


def test_names_are_sorted_and_below_the_folder_only(records: Records) -> None:
    for name in ("plan.json", "boot/b.json", "boot/a name.json", "boot/deep/c.json", "bootx/d.json"):
        records.write(name, b"x")
    assert records.names("boot") == ("boot/a name.json", "boot/b.json", "boot/deep/c.json")
    assert "plan.json" in records.names("")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.", "plan.json.sha256"])
def test_a_name_leads_nowhere_else(records: Records, name: str) -> None:
    with pytest.raises(Refused):
        records.write(name, b"x")
    with pytest.raises(Refused):
        records.read(name)
