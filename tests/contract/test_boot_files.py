"""What every BootFiles does: one suite over the fake and a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnup.adapters.boot_files import BootFolder
from turnup.domain.errors import Refused
from turnup.fakes.boot_files import FakeBootFiles
from turnup.ports import BootFiles

MAC = "02:19:00:00:00:01"


@pytest.fixture(params=["fake", "folder"])
def boot_files(request: pytest.FixtureRequest, tmp_path: Path) -> BootFiles:
    return FakeBootFiles() if request.param == "fake" else BootFolder(tmp_path)


def test_a_script_is_read_as_it_was_written(boot_files: BootFiles) -> None:
    boot_files.write(MAC, "#!ipxe\nboot ü\n")
    assert boot_files.read(MAC) == "#!ipxe\nboot ü\n"


def test_a_script_takes_the_place_of_the_old_one(boot_files: BootFiles) -> None:
    boot_files.write(MAC, "one")
    boot_files.write(MAC, "two")
    assert boot_files.read(MAC) == "two"


def test_nothing_is_served_before_writing_and_after_removing_even_twice(boot_files: BootFiles) -> None:
    assert boot_files.read(MAC) is None
    boot_files.write(MAC, "one")
    boot_files.remove(MAC)
    boot_files.remove(MAC)
    assert boot_files.read(MAC) is None


@pytest.mark.parametrize("mac", ["", "../../etc/passwd", "02:19:00:00:00", "02-19-00-00-00-01", "02:19:00:00:00:0A", f"{MAC}\n"])
def test_only_a_mac_in_lower_case_with_colons_is_a_name(boot_files: BootFiles, mac: str) -> None:
    for call in (boot_files.read, boot_files.remove, lambda name: boot_files.write(name, "x")):
        with pytest.raises(Refused):
            call(mac)


def test_every_mac_that_is_served_is_listed(boot_files: BootFiles) -> None:
    assert boot_files.macs() == ()
    other = MAC.replace("01", "02")
    boot_files.write(other, "two")
    boot_files.write(MAC, "one")
    assert boot_files.macs() == (MAC, other)
    boot_files.remove(other)
    assert boot_files.macs() == (MAC,)


def test_what_is_no_script_in_the_folder_is_served_to_nobody(tmp_path: Path) -> None:
    for name in ("README.ipxe", "02:19:00:00:00:01.ipxe.part", ".x.part"):
        (tmp_path / name).write_text("x")
    assert BootFolder(tmp_path).macs() == ()
