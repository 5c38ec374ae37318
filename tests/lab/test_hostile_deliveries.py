"""Hostile deliveries to the lab's endpoint. Ten thousand, and a thousand honest ones at once: `./lab/prove deliveries`."""

from __future__ import annotations

from tests.lab.conftest import Lab
from tests.lab.flood import assert_harmless

SEED, NUMBER = 7, 300


def test_hostile_deliveries_start_nothing_and_each_is_answered_and_told_once(running_lab: Lab) -> None:
    counts = assert_harmless(running_lab, SEED, NUMBER, within=30)
    assert counts.total() == NUMBER
    assert {status for _, status in counts} == {200, 401, 413, 422}
