"""Draws worlds by number: most of a world is as it should be, so that its rows get far, and some of it is not.

The number is hypothesis' choice. It is not shrunk but the world is: `least` leaves out what the harm does not need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.unit.flow.chance.happenings import EVENTS, LOST, TAMPERED
from tests.unit.flow.chance.world import (
    CLAIM,
    FEW,
    FREE_HAND,
    MANY,
    ONE_EACH,
    SOME,
    Answer,
    Ask,
    Happening,
    Interruption,
    World,
)
from tests.unit.flow.leaving import ROWS

PHASES = ("seal", "decide", CLAIM, *ROWS)
ACTS = ("abort", "rejected", "planned again", *(f"tampered {one}" for one in TAMPERED), *(f"lost {one}" for one in LOST))
GOOD = (Answer(), Answer("bob", "second_approval"))
OTHER_ANSWERS: tuple[tuple[Answer, ...], ...] = (
    (),
    (Answer(chosen="Reject"),),
    (Answer(ago=50), Answer(chosen="Reject")),
    (Answer(chosen="Reject", ago=50), *GOOD),
    (Answer(),),
    (Answer(ago=100_000), Answer("bob", "second_approval", ago=100_000)),
    (Answer(ago=500_000), Answer("bob", "second_approval")),
    (Answer(ago=-4000), Answer("bob", "second_approval")),
    (Answer(right_hash=False), Answer("bob", "second_approval", right_hash=False)),
    (Answer("rob"), Answer("bob", "second_approval")),
    (Answer("eve"), Answer("bob", "second_approval")),
    (Answer("bob"), Answer("bob", "second_approval")),
    (Answer("bob"), Answer("cyd", "second_approval")),
    (Answer(), Answer("ann", "second_approval")),
)
GOOD_NAMES = (("a1",), ("a1", "a2"), ("a2", "a1"), ("a2",), ("a1", "a2", "a3"))
ODD_NAMES = ((), ("a1", "a1"), ("a1", "A1"), ("a1", "a99"), ("",), ("a*",))


def drawn(number: int) -> World:
    """The world of this number."""
    chance = Random(number)
    asks = tuple(_ask(chance) for _ in range(1 + (chance.random() < 0.25)))
    return World(
        servers=chance.choice((4, 4, 5, 6)),
        capacity=chance.choice((FEW, FEW, SOME, SOME, MANY)),
        caps=chance.choice((FREE_HAND, FREE_HAND, ONE_EACH)),
        at_once=chance.choice((16, 1)),
        one_start_at_a_time=chance.random() < 0.3,
        before=_some(chance, (0,) * 9 + (1, 2), lambda: _happening(chance, ("before",), tuple(EVENTS))),
        asks=asks,
        happenings=_some(chance, (0, 1, 1, 1, 2, 3), lambda: _happening(chance, PHASES, (*EVENTS, *ACTS, *ACTS))),
        interruptions=_some(chance, (0, 0, 1, 1, 2, 3), lambda: _interruption(chance)),
        late=_some(
            chance, (0, 0, 1, 2), lambda: (chance.randrange(2), chance.choice(ROWS), chance.choice(("", "mend", "claim")))
        ),
        order=_some(chance, (0, 40), lambda: chance.randrange(6)),
    )


def _some[T](chance: Random, counts: Sequence[int], one: Callable[[], T]) -> tuple[T, ...]:
    return tuple(one() for _ in range(chance.choice(counts)))


def _ask(chance: Random) -> Ask:
    return Ask(
        names=chance.choice(GOOD_NAMES) if chance.random() < 0.96 else chance.choice(ODD_NAMES),
        wipe=chance.choice(("clear",) * 15 + ("none",) * 4 + ("purge",)),
        requesters=chance.choice((("rob",),) * 20 + (("ann",), ("Bob", "rob"), ())),
        answers=GOOD if chance.random() < 0.85 else chance.choice(OTHER_ANSWERS),
        skipped=frozenset(chance.sample((CLAIM, *ROWS), chance.choice((1, 1, 2, 3)))) if chance.random() < 0.15 else frozenset(),
        clears=_some(chance, (0, 0, 1, 3), lambda: chance.choice(ROWS)),
        mends=chance.random() < 0.7,
    )


def _happening(chance: Random, rows: tuple[str, ...], what: tuple[str, ...]) -> Happening:
    look, who, other = chance.choice((0, 0, 1, 2, 5)), chance.choice((0, 0, 0, 0, 1, 2)), chance.choice((1, 2))
    return Happening(chance.choice(what), chance.choice(rows), look, who, other)


def _interruption(chance: Random) -> Interruption:
    what, row = chance.choice(("crash", "crash", "abort", "another")), chance.choice((CLAIM, *ROWS, "abort"))
    return Interruption(what, row, chance.randint(1, chance.choice((20, 50, 120))), chance.random() < 0.5)


def least(world: World, harms: Callable[[World], bool]) -> World:
    """The world with nothing in it that can be left out, as long as it still comes to harm."""
    for smaller in _smaller(world):
        if harms(smaller):
            return least(smaller, harms)
    return world


def _smaller(world: World) -> Iterator[World]:
    for field in ("happenings", "interruptions", "late", "before", "asks"):
        items = getattr(world, field)
        for index in range(len(items)):
            if len(items) > (field == "asks"):
                yield replace(world, **{field: items[:index] + items[index + 1 :]})
    if world.order:
        yield replace(world, order=())
        yield replace(world, order=world.order[:-1])
    for index, ask in enumerate(world.asks):
        plain = Ask(names=ask.names[:-1] or ask.names, clears=ask.clears[:-1])
        for field in ("skipped", "clears", "answers", "names", "requesters", "wipe"):
            value = getattr(plain, field)
            if getattr(ask, field) != value:
                yield replace(world, asks=(*world.asks[:index], replace(ask, **{field: value}), *world.asks[index + 1 :]))
    usual = World()
    for field in ("one_start_at_a_time", "at_once", "caps", "capacity", "servers"):
        if getattr(world, field) != getattr(usual, field):
            yield replace(world, **{field: getattr(usual, field)})
