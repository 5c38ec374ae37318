"""A NetBox that began anew is remembered until everybody else did too."""

from __future__ import annotations

from pathlib import Path

from lab import slate


def test_a_new_lab_is_a_clean_slate(tmp_path: Path) -> None:
    assert slate.is_clean(tmp_path / "var" / "file")


def test_it_stays_spoilt_until_it_is_wiped_however_often_netbox_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "var" / "file"
    slate.spoil(file)
    slate.spoil(file)
    assert not slate.is_clean(file)
    slate.wiped(file)
    slate.wiped(file)
    assert slate.is_clean(file)
