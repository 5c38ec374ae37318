"""Many worlds, one after the other: none comes to harm, and enough of them really come to a wipe and to a release."""

from __future__ import annotations

import logging
from collections import Counter

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.unit.flow.chance.draw import drawn, least
from tests.unit.flow.chance.story import Story
from tests.unit.flow.chance.world import World

VIVID = {
    "became decommissioning": 0.4,
    "left its pool": 0.4,
    "wiped a drive": 0.25,
    "released (delete_key)": 0.3,
    "released by waiver": 0.05,
    "became inventory": 0.2,
    "became offline": 0.05,
    "became active": 0.02,
    "crashed": 0.1,
    "cleared late": 0.2,
    "abort: [abort-too-late]": 0.02,
}
"""{what really came to pass: in which share of the worlds at least}. What happens nowhere would hold for nothing."""


def played(count: int, *, repeatable: bool) -> Counter[str]:
    """In how many of so many worlds each thing came to pass. Harm: in one of them something was done that must never be."""
    reached: Counter[str] = Counter()

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=repeatable,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**63))
    def no_harm(number: int) -> None:
        world = drawn(number)
        try:
            reached.update({"worlds", *Story(world).play().reached})
        except Exception as error:
            first = _words(error)
            note(f"World {number}, at its least:\n{least(world, lambda one: harm(one) == first)}")
            raise

    logging.disable(logging.CRITICAL)
    try:
        no_harm()
    finally:
        logging.disable(logging.NOTSET)
    return reached


def harm(world: World) -> str:
    """What goes wrong in the world, in its first words; nothing where all is well."""
    try:
        Story(world).play()
    except Exception as error:
        return _words(error)
    return ""


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:30]


def too_pale(reached: Counter[str], share: float = 1.0) -> dict[str, int]:
    """What came to pass in too few of the worlds; `share` of the demand, where worlds are few."""
    wanted = {what: least_share * share * reached["worlds"] for what, least_share in VIVID.items()}
    return {what: reached[what] for what, count in wanted.items() if reached[what] < count}
