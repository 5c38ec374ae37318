"""Which method is chosen: never one that is weaker than asked, never one that the drive does not offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.erasure import worlds
from tests.unit.erasure.worlds import DISK, FLASH, LOOP, NVME
from turnup.erasure.capabilities import BLOCK_ERASE, Ata, Capabilities, Nvme
from turnup.erasure.choice import CannotDo, Choice, choose
from turnup.erasure.drives import Drive
from turnup.erasure.levels import Level
from turnup.erasure.methods import METHODS

ZEROES = Capabilities(write_zeroes_max=4096)
SECURE = Ata(supported=True, enhanced=True)


@pytest.mark.parametrize(
    ("drive", "capabilities", "asked", "method"),
    [
        (LOOP, ZEROES, Level.CLEAR, "blkdiscard_zeroes"),
        (DISK, Capabilities(), Level.CLEAR, "overwrite"),
        (NVME, Capabilities(nvme=Nvme(sanitize=BLOCK_ERASE, format=True)), Level.CLEAR, "overwrite"),
        (NVME, Capabilities(nvme=Nvme(sanitize=BLOCK_ERASE, format=True)), Level.PURGE, "nvme_sanitize"),
        (NVME, Capabilities(nvme=Nvme(format=True)), Level.PURGE, "nvme_format"),
        (DISK, Capabilities(ata=SECURE), Level.PURGE, "ata_secure_erase"),
    ],
)
def test_what_is_asked_is_done_by_what_the_drive_offers(
    drive: Drive, capabilities: Capabilities, asked: Level, method: str
) -> None:
    choice = choose(drive, capabilities, asked)
    assert isinstance(choice, Choice)
    assert choice.method == method
    assert choice.level is asked


@pytest.mark.parametrize(
    ("drive", "capabilities", "why", "weaker"),
    [
        (LOOP, ZEROES, "nvme_sanitize: it is no NVMe drive", "blkdiscard_zeroes"),
        (NVME, Capabilities(), "offers no Sanitize", "overwrite"),
        (DISK, Capabilities(ata=replace(SECURE, frozen=True)), "frozen", "overwrite"),
        (FLASH, Capabilities(ata=SECURE), "ata_secure_erase: reaches clear on it, not purge", "overwrite"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_weaker_option(
    drive: Drive, capabilities: Capabilities, why: str, weaker: str
) -> None:
    answer = choose(drive, capabilities, Level.PURGE)
    assert isinstance(answer, CannotDo)
    assert why in answer.why
    assert answer.weaker_option is not None
    assert answer.weaker_option.method == weaker
    assert answer.weaker_option.level is Level.CLEAR


def test_a_drive_that_takes_no_writes_offers_nothing() -> None:
    for asked in Level:
        for why, capabilities in (
            ("read-only", Capabilities(read_only=True, write_zeroes_max=1, ata=SECURE)),
            ("locked with a password", Capabilities(write_zeroes_max=1, ata=replace(SECURE, locked=True, enabled=True))),
        ):
            answer = choose(DISK, capabilities, asked)
            assert isinstance(answer, CannotDo)
            assert answer.weaker_option is None
            assert why in answer.why


def test_a_drive_without_a_serial_number_cannot_be_ordered() -> None:
    answer = choose(replace(DISK, serial=""), ZEROES, Level.CLEAR)
    assert isinstance(answer, CannotDo)
    assert "no serial number" in answer.why


def test_a_site_that_does_not_accept_a_method_gets_none_by_it() -> None:
    accepted = {name: method for name, method in METHODS.items() if name != "nvme_format"}
    assert isinstance(choose(NVME, Capabilities(nvme=Nvme(format=True)), Level.PURGE, accepted), CannotDo)
    assert isinstance(choose(NVME, ZEROES, Level.CLEAR, {}), CannotDo)


subsets = st.sets(st.sampled_from(sorted(METHODS))).map(lambda names: {name: METHODS[name] for name in names})


@given(worlds.drives, worlds.capabilities, st.sampled_from(Level), subsets)
def test_a_choice_is_offered_strong_enough_and_accepted(
    drive: Drive, capabilities: Capabilities, asked: Level, accepted: Mapping[str, object]
) -> None:
    methods = {name: METHODS[name] for name in accepted}
    answer = choose(drive, capabilities, asked, methods)
    offered = {name for name, method in methods.items() if not method.why_not(drive, capabilities)}
    strong = {name for name in offered if METHODS[name].level(drive, capabilities).reaches(asked)}
    if isinstance(answer, Choice):
        assert answer.method in strong
        assert answer.level.reaches(asked)
        assert answer.level is METHODS[answer.method].level(drive, capabilities)
        assert not capabilities.read_only
        assert drive.serial
        assert drive.size
    else:
        assert answer.why
        assert not strong or not drive.serial or not drive.size
        if answer.weaker_option is not None:
            assert answer.weaker_option.method in offered
            assert not answer.weaker_option.level.reaches(asked)


@given(worlds.drives, worlds.capabilities)
def test_purge_is_never_answered_by_less(drive: Drive, capabilities: Capabilities) -> None:
    answer = choose(drive, capabilities, Level.PURGE)
    assert isinstance(answer, CannotDo) or answer.level is Level.PURGE
