"""NetBox is away for a minute: rows in the triggerer go on where they were when it is back."""

from __future__ import annotations

import pytest

from tests.unit.flow.datacenter import DataCenter, Install
from turnup.domain.errors import Transient
from turnup.flow.install import INSTALL

AWAY = Transient("NetBox answered 503.", cause="netbox-unavailable")
MINUTE = 60.0


def begun(world: DataCenter, row: str) -> Install:
    """An install in which a1 has come to this row."""
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    for one in INSTALL.server_rows:
        if one.name == row:
            break
        assert install.row(one.name, "a1")
    return install


@pytest.mark.parametrize(("row", "method"), [("boot", "device"), ("live", "write")])
def test_a_row_that_asks_netbox_waits_for_it_for_more_than_a_minute(row: str, method: str) -> None:
    world = DataCenter(1)
    install = begun(world, row)
    began = install.now
    world.inventory.fail_next(method, AWAY, times=5)
    assert install.row(row, "a1"), install.failed
    assert install.now - began > MINUTE
    assert world.inventory.faults_left == 0


def test_a_netbox_that_stays_away_is_the_cause() -> None:
    world = DataCenter(1)
    install = begun(world, "live")
    world.inventory.fail_next("write", AWAY, times=6)
    assert not install.row("live", "a1")
    assert install.failed["a1"].cause == "netbox-unavailable"
