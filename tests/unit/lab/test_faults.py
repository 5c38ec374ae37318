from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import paths
from lab.commands import fault
from lab.datacenter import BY_NAME, RACKS
from lab.fault import targets
from lab.metal import faults
from lab.services import netbox
from lab.services.netbox import NetBoxTarget

NAME = "lab1-r1-n01"
SERVER = BY_NAME[NAME]
IMAGE = paths.CHECKOUT / "lab/metal/image/init"


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paths, "METAL", tmp_path)
    monkeypatch.setattr(netbox, "_FAULTS", tmp_path / "netbox")
    yield


def test_a_fault_is_on_until_it_is_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert fault.main([NAME, "bmc-serial"]) == 0
    assert fault.main([NAME, "dmi-serial"]) == 0
    assert faults.of(SERVER) == ["bmc-serial", "dmi-serial"]
    assert fault.main([NAME, "clear"]) == 0
    assert faults.of(SERVER) == []
    assert f"{NAME}: no fault" in capsys.readouterr().out


def test_netbox_has_faults_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert fault.main(["netbox", "slow"]) == 0
    assert NetBoxTarget().active() == ["slow"]
    assert fault.main(["netbox", "bmc-dead"]) == 2
    assert fault.main(["netbox", "clear"]) == 0
    assert NetBoxTarget().active() == []


def test_the_list_names_every_kind_and_who_has_one(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netbox, "ready", lambda: False)
    faults.put(SERVER, "no-dhcp")
    assert fault.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(one.kind in out for target in targets() for one in target.faults)
    assert f"{NAME}: no-dhcp" in out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["lab1-r1-n1", "bmc-dead"], "did you mean lab1-r1-n01"),
        ([NAME, "bmc-ded"], "did you mean bmc-dead"),
        ([NAME, "fire"], "there are: bmc-serial"),
        (["R1", "fire"], "there are: prefix-full"),
        ([], "Name a server"),
    ],
)
def test_a_name_that_does_not_exist_ends_with_2_and_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fault.main(arguments) == 2
    assert hint in capsys.readouterr().err
    assert faults.of(SERVER) == []


def test_no_kind_is_called_clear_and_each_says_what_it_does() -> None:
    for target in targets():
        kinds = [one.kind for one in target.faults]
        assert fault.CLEAR not in kinds
        assert len(set(kinds)) == len(kinds)
        assert all(one.does and one.when for one in target.faults)
    assert len({target.name for target in targets()}) == len(list(targets()))


def test_swapped_are_two_neighbours_whichever_of_them_is_asked() -> None:
    first, second, third, *_, last = RACKS[0].servers
    faults.put(first, "bmc-swapped")
    assert [faults.swapped_with(one) for one in (first, second, third, last)] == [second, first, None, None]
    faults.clear(first)
    faults.put(last, "bmc-swapped")
    assert [faults.swapped_with(one) for one in (last, first, second)] == [first, last, None]


def test_the_image_heeds_no_fault_that_does_not_exist() -> None:
    heeded = set(re.findall(r"\bbroken ([a-z-]+)", IMAGE.read_text()))
    assert heeded
    assert heeded <= set(faults.KINDS)
