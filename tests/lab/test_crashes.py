"""Two processes crash in the middle of an install, in two phases; every pair of process and phase: `./lab/prove crashes`."""

from __future__ import annotations

import random

from lab.datacenter import RACKS
from tests.lab.conftest import Lab
from tests.lab.crashes import CRASHES, PHASES, assert_survived

SEED = 3


def test_an_install_survives_crashes_in_the_middle_of_two_phases(lab: Lab) -> None:
    crashed = dict(zip(PHASES, random.Random(SEED).sample(CRASHES, len(PHASES)), strict=True))
    assert_survived(lab, RACKS[0].servers[:4], {phase: crashed[phase] for phase in PHASES[::2]})
