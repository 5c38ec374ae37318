"""Every process crashes in the middle of every phase of an install: `./lab/prove crashes`."""

from __future__ import annotations

import pytest

from lab.commands import reset
from lab.datacenter import RACKS
from tests.lab.conftest import Lab
from tests.lab.crashes import CRASHES, PHASES, assert_survived

SERVERS = RACKS[0].servers[:3]


@pytest.mark.parametrize("crashed", CRASHES)
@pytest.mark.parametrize("phase", PHASES)
def test_in_mid_install(lab: Lab, phase: str, crashed: str) -> None:
    reset.run()
    assert_survived(lab, SERVERS, {phase: crashed})
