"""What is read back, and what that shows."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnup.erasure import proof
from turnup.erasure.proof import BLOCK, EDGE, Extent, Reading, Tally

LARGE = 1024**4 + 512


def sample(drawn: int = 100, seed: str = "s", size: int = LARGE) -> Reading:
    return proof.reading(size, whole=False, whole_up_to=0, sample_blocks=drawn, seed=seed)


@given(st.integers(1, 5_000_000))
def test_whole_is_every_byte_once_and_in_order(size: int) -> None:
    end = 0
    for extent in proof.reading(size, whole=True, whole_up_to=0, sample_blocks=1, seed="s").extents():
        assert extent.offset == end
        end += extent.length
    assert end == size


@given(st.integers(200 * 1024**2, 10 * 1024**4), st.integers(1, 50), st.text(max_size=3))
def test_a_sample_has_both_ends_and_its_blocks_once_each_inside_of_the_drive(size: int, drawn: int, seed: str) -> None:
    read = sample(drawn, seed, size)
    extents = list(read.extents())
    offsets = [extent.offset for extent in extents]
    assert offsets == sorted(set(offsets))
    assert extents[0].offset == 0
    assert extents[-1].offset + extents[-1].length == size
    assert all(one.offset + one.length <= two.offset for one, two in pairwise(extents))
    if read.coverage == proof.SAMPLE:
        assert sum(extent.length for extent in extents) >= 2 * EDGE + drawn * BLOCK
        assert len([offset for offset in offsets if EDGE <= offset < size - EDGE - BLOCK]) <= drawn


def test_the_same_seed_draws_the_same_blocks_and_another_seed_others() -> None:
    assert list(sample().extents()) == list(sample().extents())
    assert list(sample().extents()) != list(sample(seed="t").extents())


@pytest.mark.parametrize(
    ("size", "whole", "limit", "coverage"),
    [(LARGE, True, 0, "whole"), (LARGE, False, 0, "sample"), (LARGE, False, LARGE, "whole"), (LARGE, False, LARGE - 1, "sample")],
)
def test_small_drives_and_those_that_have_to_be_are_read_whole(size: int, whole: bool, limit: int, coverage: str) -> None:
    assert proof.reading(size, whole=whole, whole_up_to=limit, sample_blocks=100, seed="s").coverage == coverage
    assert sample(size=10**6).coverage == proof.WHOLE


@given(st.binary(min_size=1, max_size=200))
def test_one_byte_that_is_not_zero_is_found(data: bytes) -> None:
    tally = Tally()
    tally.zeroes(Extent(0, len(data)), data)
    assert tally.passed == (set(data) == {0})


def test_a_block_that_came_short_proves_nothing() -> None:
    tally = Tally()
    tally.zeroes(Extent(0, 8), bytes(7))
    assert not tally.passed
    assert tally.first_bad == 0


def test_nothing_read_proves_nothing() -> None:
    assert not Tally().passed


def test_of_a_drive_that_erases_itself_a_block_has_to_differ_from_what_it_was() -> None:
    old, new, uniform = b"customer", b"rubbish.", b"\xff" * 8
    before = {0: hashlib.sha256(old).hexdigest()}

    def judged(data: bytes, offset: int = 0) -> Tally:
        tally = Tally()
        tally.changed(Extent(offset, 8), data, hashlib.sha256(data).hexdigest(), before)
        return tally

    assert not judged(old).passed
    assert judged(new).passed
    assert judged(uniform).passed
    said_nothing = judged(new, offset=8)
    assert (said_nothing.mute, said_nothing.passed) == (1, False)


@given(st.integers(1, 60), st.data())
def test_the_probability_of_missing_is_that_of_drawing_without_repetition(total: int, data: st.DataObject) -> None:
    drawn = data.draw(st.integers(0, total))
    remaining = data.draw(st.integers(0, total))
    exact = comb(total - remaining, drawn) / comb(total, drawn)
    assert proof.probability_of_missing(total, drawn, remaining) == pytest.approx(exact)


def test_the_statement_says_what_was_read_and_how_probably_it_missed_something() -> None:
    read, tally = sample(20_000), Tally(blocks=22_048, length=10)
    said = proof.statement(read, tally, proof.ZEROES)
    assert "20000 random blocks" in said
    assert "1 of 1000 blocks" in said
    assert dict(proof.confidence(read))["1 of 1000 blocks (16775 of 16775168)"] == "2e-09"
    whole = proof.reading(512, whole=True, whole_up_to=0, sample_blocks=1, seed="s")
    assert proof.confidence(whole) == ()
    assert "All 512 bytes were read; every byte was zero" in proof.statement(whole, Tally(1, 512), proof.ZEROES)
    assert "1 of 1 blocks were not zero" in proof.statement(whole, Tally(1, 512, bad=1), proof.ZEROES)
    assert "say nothing" in proof.statement(whole, Tally(2, 512, mute=1), proof.CHANGED)
