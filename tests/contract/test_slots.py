"""One suite for slots, over the fake and over a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from turnup.adapters.slots import SlotFolder
from turnup.domain.errors import Transient
from turnup.fakes.slots import FakeSlots
from turnup.ports import Slots


@dataclass
class Under:
    """Slots, and how their clock is set."""

    slots: Slots
    set_clock: Callable[[float], None]


@pytest.fixture(params=["fake", "folder"])
def under(request: pytest.FixtureRequest, tmp_path: Path) -> Under:
    if request.param == "fake":
        fake = FakeSlots()
        return Under(fake, lambda now: setattr(fake, "now", now))
    clock = [0.0]
    return Under(SlotFolder(tmp_path / "slots", lambda: clock[0]), lambda now: clock.__setitem__(0, now))


def test_as_many_as_the_limit_have_one_at_once(under: Under) -> None:
    assert [under.slots.take({"rack": 2}, holder, 10) for holder in ("a", "b", "c")] == [True, True, False]


def test_a_slot_is_free_again_when_its_time_is_over(under: Under) -> None:
    assert under.slots.take({"rack": 1}, "a", 10)
    under.set_clock(9.9)
    assert not under.slots.take({"rack": 1}, "b", 10)
    under.set_clock(10.1)
    assert under.slots.take({"rack": 1}, "b", 10)


def test_a_holder_counts_once_however_often_it_asks(under: Under) -> None:
    assert all(under.slots.take({"rack": 2}, "a", 10) for _ in range(3))
    assert under.slots.take({"rack": 2}, "b", 10)


def test_of_several_names_all_or_none_are_taken(under: Under) -> None:
    assert under.slots.take({"feed": 1}, "a", 10)
    assert not under.slots.take({"rack": 1, "feed": 1}, "b", 10)
    assert under.slots.take({"rack": 1}, "c", 10)


def test_what_is_given_back_is_free_at_once(under: Under) -> None:
    assert under.slots.take({"rack": 1, "feed": 1}, "a", 10)
    under.slots.give(["rack"], "a")
    under.slots.give(["rack", "unknown"], "nobody")
    assert under.slots.take({"rack": 1}, "b", 10)
    assert not under.slots.take({"feed": 1}, "b", 10)
    under.slots.give(["rack"], "a")
    assert not under.slots.take({"rack": 1}, "c", 10)


def test_no_names_mean_no_limit(under: Under) -> None:
    assert under.slots.take({}, "a", 10)


def test_two_processes_that_share_the_folder_count_together(tmp_path: Path) -> None:
    assert SlotFolder(tmp_path).take({"rack": 1}, "a", 60)
    assert not SlotFolder(tmp_path).take({"rack": 1}, "b", 60)


def test_a_file_that_makes_no_sense_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "slots.json").write_text("[half")
    assert SlotFolder(tmp_path).take({"rack": 1}, "a", 60)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Transient, match="folder of slots"):
        SlotFolder(tmp_path / "file").take({"rack": 1}, "a", 60)
