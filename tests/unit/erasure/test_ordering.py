"""An order is made for exactly the drives that were sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.erasure.worlds import LOOP, NOW, SEAL, SIZE, facts
from turnup.erasure.agent.decision import why_not
from turnup.erasure.capabilities import Capabilities
from turnup.erasure.choice import Choice, choose
from turnup.erasure.levels import Level
from turnup.erasure.methods import METHODS
from turnup.erasure.ordering import NotSealed, order
from turnup.erasure.orders import Order


def choice(serial: str, size: int = SIZE) -> Choice:
    found = choose(replace(LOOP, serial=serial, size=size), Capabilities(write_zeroes_max=1), Level.CLEAR)
    assert isinstance(found, Choice)
    return found


def made(*choices: Choice, serial: str = "LM1", **limits: int) -> Order:
    times: dict[str, Any] = {"issued": NOW.isoformat(), "expires": (NOW + timedelta(hours=1)).isoformat()}
    return order(SEAL, serial, choices, hostname="n01.example", nonce="abc", limits=limits, **times)


def test_what_is_ordered_is_what_was_sealed_and_chosen_and_the_agent_takes_it() -> None:
    found = made(choice("L1"), choice("L2"), at_once=1)
    assert (found.serial, found.server, found.seal_sha256, found.at_once) == ("LM1", "lab1-r1-n01", SEAL.sha256, 1)
    assert {(one.method, one.read_back, one.read_whole) for one in found.drives} == {("blkdiscard_zeroes", "zeroes", True)}
    assert why_not(found, facts(), METHODS) == ()


@pytest.mark.parametrize(
    "choices",
    [(), ("L1",), ("L1", "L3"), ("L1", "L2", "L3"), ("L1", "L1"), ("L1", "L2", "L2")],
)
def test_a_drive_too_few_too_many_or_twice_is_no_order(choices: tuple[str, ...]) -> None:
    with pytest.raises(NotSealed):
        made(*(choice(serial) for serial in choices))


def test_another_size_or_another_server_is_no_order() -> None:
    with pytest.raises(NotSealed):
        made(choice("L1"), choice("L2", 512))
    with pytest.raises(NotSealed):
        made(choice("L1"), choice("L2"), serial="LM9")
