"""When a budget is spent: each server once, as it ended last, within the window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnup.domain.error_budget import Allowance, Budget, Ending, budgets

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ALLOWANCE = Allowance(days=7, share=0.1, failures=3)


def ending(server: int, *, failed: bool = True, hours_ago: float = 1, generation: str = "g1", site: str = "here") -> Ending:
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    return Ending(site, generation, f"a{server}", at, failed, "bmc-silent" if failed else "")


def budget(*endings: Ending, allowance: Allowance = ALLOWANCE) -> Budget:
    (found,) = budgets("here", endings, allowance, NOW)
    return found


def test_so_many_failures_are_allowed_however_few_servers_were_tried() -> None:
    assert budget(ending(1), ending(2)).left == pytest.approx(1 / 3)
    assert not budget(ending(1), ending(2)).is_spent
    spent = budget(ending(1), ending(2), ending(3))
    assert (spent.left, spent.is_spent) == (0, True)
    assert str(spent) == (
        "generation g1 at here: 3 of 3 servers failed, 3 may: a1 (bmc-silent), a2 (bmc-silent), a3 (bmc-silent)"
    )


def test_of_many_servers_a_share_may_fail() -> None:
    fine = [ending(number, failed=False) for number in range(100)]
    assert budget(*fine, *(ending(100 + number) for number in range(5))).allowed == 10
    assert budget(*fine[:91], *(ending(100 + number) for number in range(9))).is_spent is False
    assert budget(*fine[:90], *(ending(100 + number) for number in range(10))).is_spent is True


def test_a_bad_server_that_is_tried_again_and_again_is_one_failure_and_a_mended_one_is_none() -> None:
    again = [ending(1, hours_ago=hours) for hours in range(1, 20)]
    assert len(budget(*again).failed) == 1
    assert budget(*again, ending(1, failed=False, hours_ago=0.5)).failed == ()
    assert len(budget(*again, ending(1, failed=False, hours_ago=30)).failed) == 1


def test_what_is_older_than_the_window_does_not_count() -> None:
    old = [ending(number, hours_ago=24 * 8) for number in range(5)]
    assert budgets("here", old, ALLOWANCE, NOW) == ()
    assert not budget(*old, ending(9)).is_spent


def test_generations_and_sites_have_budgets_of_their_own() -> None:
    bad = [ending(number, generation="g2") for number in range(3)]
    elsewhere = [ending(number, site="there") for number in range(9)]
    one, two = budgets("here", [ending(1), *bad, *elsewhere], ALLOWANCE, NOW)
    assert ((one.generation, one.is_spent), (two.generation, two.is_spent)) == (("g1", False), ("g2", True))


ENDINGS = st.builds(
    ending,
    st.integers(1, 8),
    failed=st.booleans(),
    hours_ago=st.floats(0, 24 * 10),
    generation=st.sampled_from(("g1", "g2")),
)


@given(st.lists(ENDINGS, max_size=30), st.randoms(use_true_random=False))
def test_the_order_in_which_runs_are_read_does_not_matter_and_what_is_left_is_a_share(endings, chance) -> None:  # type: ignore[no-untyped-def]
    endings = [replace(one, at=(NOW - timedelta(seconds=number * 7000)).isoformat()) for number, one in enumerate(endings)]
    found = budgets("here", endings, ALLOWANCE, NOW)
    shuffled = list(endings)
    chance.shuffle(shuffled)
    assert [(one.generation, one.left, one.servers) for one in budgets("here", shuffled, ALLOWANCE, NOW)] == [
        (one.generation, one.left, one.servers) for one in found
    ]
    assert all(0 <= one.left <= 1 and one.is_spent == (one.left == 0) for one in found)
