from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import paths
from lab.datacenter import BY_NAME
from lab.metal import faults

NAME = "lab1-r1-n01"
SERVER = BY_NAME[NAME]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paths, "METAL", tmp_path)
    yield


def test_a_fault_is_on_until_it_is_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults.main([NAME, "bmc-serial"]) == 0
    assert faults.main([NAME, "slow-cpu"]) == 0
    assert faults.of(SERVER) == ["bmc-serial", "slow-cpu"]
    assert faults.main([NAME, "clear"]) == 0
    assert faults.of(SERVER) == []
    assert f"{NAME}: no fault" in capsys.readouterr().out


def test_the_list_names_every_kind_and_who_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    faults.put(SERVER, "no-dhcp")
    assert faults.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(kind in out for kind in faults.KINDS)
    assert f"{NAME}: no-dhcp" in out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["lab1-r1-n1", "bmc-dead"], "did you mean lab1-r1-n01"),
        ([NAME, "bmc-ded"], "did you mean bmc-dead"),
        ([NAME, "fire"], "there are: bmc-serial"),
        ([], "Name a server"),
    ],
)
def test_a_name_that_does_not_exist_ends_with_2_and_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faults.main(arguments) == 2
    assert hint in capsys.readouterr().err
    assert faults.of(SERVER) == []


def test_no_kind_is_called_clear_and_each_says_what_it_does() -> None:
    assert faults.CLEAR not in faults.KINDS
    assert len(faults.KINDS) == len(faults.FAULTS)
    assert all(fault.does and fault.when for fault in faults.FAULTS)
