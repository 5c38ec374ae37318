from __future__ import annotations

from pathlib import Path

from lab.metal import nvram
from lab.metal.nvram import BootSetting


def test_without_a_setting_a_server_boots_from_the_network(tmp_path: Path) -> None:
    assert nvram.take(tmp_path / "nvram.json") == nvram.NETWORK


def test_once_is_used_up_by_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "nvram.json"
    nvram.write(file, BootSetting(nvram.DISK, nvram.ONCE))
    assert nvram.take(file) == nvram.DISK
    assert nvram.read(file) == BootSetting()
    assert nvram.take(file) == nvram.NETWORK


def test_continuous_stays(tmp_path: Path) -> None:
    file = tmp_path / "nvram.json"
    nvram.write(file, BootSetting(nvram.DISK, nvram.CONTINUOUS))
    assert [nvram.take(file), nvram.take(file)] == [nvram.DISK, nvram.DISK]
