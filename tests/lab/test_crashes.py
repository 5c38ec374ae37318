"""Processes crash in the middle of an install, one in each phase; every pair of process and phase: `./lab/prove crashes`."""

from __future__ import annotations

import random

from lab.datacenter import RACKS
from tests.lab.conftest import Lab
from tests.lab.crashes import CRASHES, PHASES, assert_survived

SEED = 3


def test_an_install_survives_a_crash_in_the_middle_of_each_phase(lab: Lab) -> None:
    crashed = random.Random(SEED).sample(CRASHES, len(PHASES))
    assert_survived(lab, RACKS[0].servers[:4], dict(zip(PHASES, crashed, strict=True)))
