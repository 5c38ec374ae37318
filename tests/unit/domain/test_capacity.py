"""Capacity: the demand is never lowered by what somebody forgot to list, and the numbers always add up."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from turnup.domain.capacity import judge
from turnup.domain.policy import Capacity

SERVERS = st.sets(st.sampled_from([f"n{number}" for number in range(12)]))
POLICIES = st.builds(Capacity, st.integers(1, 10), st.floats(0, 1, allow_nan=False).map(lambda share: round(share, 2)))
EIGHT = [f"n{number}" for number in range(8)]


def test_two_of_eight_may_leave_where_four_and_half_have_to_stay() -> None:
    verdict = judge("edge", EIGHT, EIGHT, EIGHT[:2], Capacity(4, 0.5))
    assert (verdict.enough, verdict.left, verdict.needed) == (True, 6, 4)
    assert str(verdict) == (
        "role edge: enough: 8 of 8 serve, 2 leave, 6 go on serving; policy demands 4: at least 4, and 50% of all."
    )


def test_what_does_not_serve_is_not_counted_however_active_it_is() -> None:
    verdict = judge("edge", EIGHT, EIGHT[:5], EIGHT[:2], Capacity(4, 0.5))
    assert not verdict.enough
    assert "NOT enough: 5 of 8 serve, 2 leave, 3 go on serving" in str(verdict)


def test_a_role_that_has_too_few_already_says_so() -> None:
    verdict = judge("edge", EIGHT, EIGHT[:3], EIGHT[7:], Capacity(4, 0.5))
    assert not verdict.enough
    assert verdict.lost == 0
    assert "too few already, whoever leaves" in str(verdict)


def test_a_share_of_a_tenth_of_thirty_is_three_and_not_four() -> None:
    thirty = [f"n{number}" for number in range(30)]
    assert judge("edge", thirty, thirty[:3], (), Capacity(1, 0.1)).needed == 3


def test_part_of_a_server_that_is_demanded_is_a_whole_one() -> None:
    assert judge("edge", EIGHT[:5], EIGHT[:5], (), Capacity(1, 0.5)).needed == 3


@given(SERVERS, SERVERS, SERVERS, POLICIES)
@example(set(), set(), set(), Capacity())
def test_the_numbers_add_up(every: set[str], serving: set[str], leaving: set[str], policy: Capacity) -> None:
    verdict = judge("edge", every, serving, leaving, policy)
    assert verdict.left + verdict.lost == verdict.serving
    assert verdict.needed >= policy.at_least
    assert verdict.needed >= policy.at_least_share * len(every) - 1e-9
    assert verdict.enough == (len(serving - leaving) >= verdict.needed)


@given(SERVERS, SERVERS, SERVERS, POLICIES, st.sampled_from(EIGHT))
def test_one_more_that_leaves_never_makes_it_enough(
    every: set[str], serving: set[str], leaving: set[str], policy: Capacity, one: str
) -> None:
    assert (
        judge("edge", every, serving, leaving, policy).enough or not judge("edge", every, serving, leaving | {one}, policy).enough
    )


@given(SERVERS, SERVERS, SERVERS, POLICIES, st.sampled_from(EIGHT))
def test_a_server_that_was_not_listed_never_lowers_the_demand(
    every: set[str], serving: set[str], leaving: set[str], policy: Capacity, one: str
) -> None:
    demanded = judge("edge", every | {one}, serving, leaving, policy).needed
    assert demanded >= judge("edge", every - {one}, serving, leaving, policy).needed


@given(SERVERS, POLICIES)
def test_nobody_can_take_the_last_one(every: set[str], policy: Capacity) -> None:
    assert not judge("edge", every, every, every, policy).enough
