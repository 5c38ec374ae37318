"""Two processes crash in the middle of an install, in two phases; every pair of process and phase: `./lab/prove crashes`."""

from __future__ import annotations

import random

from lab.datacenter import RACKS
from tests.lab.conftest import Lab
from tests.lab.crashes import CRASHES, PHASES, assert_survived

SEED = 3


def test_an_install_survives_crashes_in_the_middle_of_two_phases(lab: Lab) -> None:
    chance = random.Random(SEED)
    phases = sorted(chance.sample(PHASES, 2), key=PHASES.index)
    assert_survived(lab, RACKS[0].servers[:4], dict(zip(phases, chance.sample(CRASHES, 2), strict=True)))
