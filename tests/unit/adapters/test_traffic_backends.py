"""Load balancers are found by the folder's listing."""

from __future__ import annotations

import pytest

from turnup.adapters import traffic
from turnup.domain.errors import Refused
from turnup.ports import InPool, Target

SERVER = Target("edge", "n1.example", "198.19.0.2")


def test_every_backend_is_found() -> None:
    assert list(traffic.backends()) == ["haproxy", "none"]


def test_an_unknown_kind_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(Refused, match="haproxy, none"):
        traffic.backend("f5", {}, {}, 5)


def test_without_a_load_balancer_nobody_enters_and_nothing_else_fails() -> None:
    nobody = traffic.backend("none", {}, {}, 5)
    nobody.drain(SERVER)
    nobody.leave(SERVER)
    assert nobody.state(SERVER).state is InPool.ABSENT
    assert (nobody.connections(SERVER), nobody.serving("edge")) == (0, ())
    with pytest.raises(Refused, match="no pool"):
        nobody.enter(SERVER)
