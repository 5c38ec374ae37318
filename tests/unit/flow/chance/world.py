"""What a random world is: who stands there, what is asked, what people decide, and what happens when."""

from __future__ import annotations

from dataclasses import dataclass

from turnup.domain.policy import Capacity, RemovalCaps

CLAIM = "claim"
"""The row in which all servers of a run are claimed."""


FEW, SOME, MANY = Capacity(1, 0.25), Capacity(1, 0.5), Capacity(2, 0.6)
"""What a site demands to go on serving."""

FREE_HAND, ONE_EACH = RemovalCaps(40, 1.0, 1.0, 1.0, 1000), RemovalCaps(1, 1.0, 1.0, 1.0, 1000)
"""How many servers may leave on one person's word."""


@dataclass(frozen=True)
class Happening:
    """Something happens to the `who`-th server of those asked for, before the `look`-th look of a row (0: before it begins).

    In `seal`, `decide` and `claim` a run does what concerns all its servers; else a row is one of the flow's.
    """

    what: str
    row: str
    look: int = 0
    who: int = 0
    other: int = 1


@dataclass(frozen=True)
class Interruption:
    """Right before, or right after, the `call`-th call of a port in a row: the process dies, or somebody else acts."""

    what: str
    row: str
    call: int
    after: bool = False


@dataclass(frozen=True)
class Answer:
    """What somebody answers at a gate, `ago` seconds before it counts."""

    by: str = "ann"
    gate: str = "approval"
    chosen: str = "Approve"
    ago: float = 0.0
    right_hash: bool = True


@dataclass(frozen=True)
class Ask:
    """One run: what is asked for and answered, which tasks somebody marks successful, and from which row failures are cleared."""

    names: tuple[str, ...] = ("a1",)
    wipe: str = "clear"
    requesters: tuple[str, ...] = ("rob",)
    answers: tuple[Answer, ...] = (Answer(), Answer("bob", "second_approval"))
    skipped: frozenset[str] = frozenset()
    clears: tuple[str, ...] = ()
    mends: bool = True


@dataclass(frozen=True)
class World:
    """All of it. `order` says who goes on at each turn, until it is used up; `late` are rows that are cleared after all ended.

    Each with the number of its run, and what is done first: nothing, `mend`, or `claim`: NetBox is given the run's claim by hand,
    and the row does not know that it is resumed.
    """

    servers: int = 4
    capacity: Capacity = FEW
    caps: RemovalCaps = FREE_HAND
    at_once: int = 16
    one_start_at_a_time: bool = False
    before: tuple[Happening, ...] = ()
    asks: tuple[Ask, ...] = (Ask(),)
    happenings: tuple[Happening, ...] = ()
    interruptions: tuple[Interruption, ...] = ()
    late: tuple[tuple[int, str, str], ...] = ()
    order: tuple[int, ...] = ()
