"""What a read-back of a drive shows. Pure, and of its own: it knows nothing of how a drive is erased. Python 3.11.

A small drive is read whole. Of a large one its first and last regions are read, and blocks that were drawn at random, by a seed
that is kept so that anybody can draw them again. Rev. 2 (section 4.5.1) asks for no sample at all; tools that lie do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ZEROES, CHANGED = "zeroes", "changed"
WHOLE, SAMPLE = "whole", "sample"
BLOCK = 64 * 1024  # bytes that are drawn as one
EDGE = 64 * 1024 * 1024  # bytes at the beginning and at the end that are always read
REMAINING = (100, 1_000, 10_000)  # one block of so many kept its data: how probably is that missed?


@dataclass(frozen=True)
class Extent:
    """Bytes to be read in one go."""

    offset: int
    length: int


@dataclass(frozen=True)
class Reading:
    """What is to be read of a drive of `size` bytes; `drawn` blocks at random between the edges."""

    size: int
    coverage: str
    drawn: int
    seed: str

    def extents(self) -> Iterator[Extent]:
        """In ascending order; blocks, so that each is judged by itself."""
        if self.coverage == WHOLE:
            yield from _blocks(0, self.size)
            return
        yield from _blocks(0, EDGE)
        first = EDGE // BLOCK
        chosen = random.Random(self.seed).sample(range(first, first + self.between), self.drawn)  # noqa: S311 -- to be repeated
        for number in sorted(chosen):
            yield Extent(number * BLOCK, BLOCK)
        yield from _blocks(self._last_edge, self.size)

    @property
    def between(self) -> int:
        """How many blocks there are between the edges."""
        return (self._last_edge - EDGE) // BLOCK

    @property
    def _last_edge(self) -> int:
        return (self.size - EDGE) // BLOCK * BLOCK


def reading(size: int, *, whole: bool, whole_up_to: int, sample_blocks: int, seed: str) -> Reading:
    """What to read: everything, if that is asked for or is not much more than the sample would be."""
    edges = 2 * EDGE + 2 * BLOCK
    if whole or size <= whole_up_to or size <= edges + sample_blocks * BLOCK:
        return Reading(size, WHOLE, 0, seed)
    return Reading(size, SAMPLE, sample_blocks, seed)


def _blocks(start: int, end: int) -> Iterator[Extent]:
    for offset in range(start, end, BLOCK):
        yield Extent(offset, min(BLOCK, end - offset))


@dataclass
class Tally:
    """What was found so far. `bad`: blocks with a byte that is not zero, or as they were. `mute`: blocks that say nothing."""

    blocks: int = 0
    length: int = 0
    bad: int = 0
    mute: int = 0
    first_bad: int | None = None

    def zeroes(self, extent: Extent, data: bytes) -> None:
        """Every byte has to be zero."""
        self._count(extent, data, bad=data.count(0) != len(data))

    def changed(self, extent: Extent, data: bytes, digest: str, before: Mapping[int, str]) -> None:
        """It has to differ from what was there; where that was one byte repeated, or is not known, it says nothing."""
        was = before.get(extent.offset)
        uniform = data.count(data[:1]) == len(data)
        if was is None:
            self.mute += 1
        self._count(extent, data, bad=was is not None and was == digest and not uniform)

    def _count(self, extent: Extent, data: bytes, *, bad: bool) -> None:
        self.blocks += 1
        self.length += len(data)
        if bad or len(data) != extent.length:
            self.bad += 1
            self.first_bad = extent.offset if self.first_bad is None else self.first_bad

    @property
    def passed(self) -> bool:
        """Something was read that says something, and nothing of it was bad."""
        return self.blocks > self.mute and self.bad == 0


def probability_of_missing(total: int, drawn: int, remaining: int) -> float:
    """That a sample of `drawn` of `total` blocks, without repetition, meets none of `remaining` that kept their data."""
    if remaining <= 0:
        return 1.0
    if drawn + remaining > total:
        return 0.0
    probability = 1.0
    for number in range(drawn):
        probability *= (total - remaining - number) / (total - number)
        if probability < 1e-30:
            return probability
    return probability


def confidence(read: Reading, mute: int = 0) -> tuple[tuple[str, str], ...]:
    """(what could have remained, how probably that was missed): as texts, for signed documents hold no fractions."""
    if read.coverage == WHOLE and not mute:
        return ()
    total = max(1, read.between if read.coverage == SAMPLE else -(-read.size // BLOCK))
    drawn = max(0, (read.drawn if read.coverage == SAMPLE else total) - mute)
    found = []
    for one_of in REMAINING:
        remaining = max(1, total // one_of)
        missed = probability_of_missing(total, drawn, remaining)
        found.append((f"1 of {one_of} blocks ({remaining} of {total})", f"{missed:.2g}"))
    return tuple(found)


def statement(read: Reading, tally: Tally, expected: str) -> str:
    """In words: what was read, what it shows, what it does not."""
    what = "zero" if expected == ZEROES else "different from before"
    kind = "byte" if expected == ZEROES else "block"
    if read.coverage == WHOLE:
        text = f"All {tally.length} bytes were read"
    else:
        text = (
            f"{tally.length} of {read.size} bytes were read: the first and last {EDGE} and {read.drawn} random blocks of {BLOCK}"
        )
    text += f"; every {kind} was {what}." if tally.passed else f"; {tally.bad} of {tally.blocks} blocks were not {what}."
    if tally.mute:
        text += f" {tally.mute} blocks say nothing: they were one byte repeated before."
    if read.coverage == SAMPLE and tally.passed:
        missed = "; ".join(f"{what_remained}: {missed}" for what_remained, missed in confidence(read, tally.mute))
        text += f" Probability that it missed what remained, if that was {missed}."
    return text + " Nothing outside of the address range can be read."
