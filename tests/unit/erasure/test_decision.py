"""The agent's guards: only the right order, on the right machine, at its one boot, for exactly its drives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.erasure.worlds import LOOP, NOW, ORDER, facts
from turnup.erasure.agent.decision import why_not
from turnup.erasure.drives import Seen
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import Order

FIRST, SECOND = facts().drives


def reasons(order: Order = ORDER, **values: Any) -> tuple[str, ...]:
    return why_not(order, facts(**values), METHODS)


def test_the_right_order_on_the_right_machine_has_nothing_against_it() -> None:
    assert reasons() == ()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no marker": ({"marker": ""}, "not the acceptance image"),
    "a marker of another image": ({"marker": "another"}, "not the acceptance image"),
    "no key": ({"wanted_marker": "", "marker": ""}, "not the acceptance image"),
    "a bad signature": ({"bad_signature": "it is not by the key of this image"}, "signature"),
    "no nonce": ({"command_line": "console=ttyS0"}, "another boot"),
    "another nonce": ({"command_line": "turnup.nonce=abcd"}, "another boot"),
    "two nonces": ({"command_line": "turnup.nonce=xyz turnup.nonce=abc"}, "another boot"),
    "a nonce hidden in a word": ({"command_line": "x=turnup.nonce=abc"}, "another boot"),
    "another serial": ({"serial": "LM2"}, "serial number LM1"),
    "no serial": ({"serial": ""}, "without one"),
    "another host": ({"hostname": "n02.example"}, "for the host"),
    "expired": ({"now": NOW + timedelta(hours=1)}, "expired"),
    "not issued yet": ({"now": NOW - timedelta(minutes=6)}, "was issued at"),
    "no drives here": ({"drives": ()}, "not in this server"),
    "a drive is missing": ({"drives": (FIRST,)}, "L2 of the order is not in this server"),
    "one drive more": ({"drives": (FIRST, SECOND, Seen(replace(LOOP, serial="L3")))}, "not in the order"),
    "a drive without serial number": ({"drives": (FIRST, SECOND, Seen(replace(LOOP, serial="")))}, "no serial number"),
    "a resized drive": ({"drives": (FIRST, Seen(replace(SECOND.drive, size=512)))}, "has 512 bytes"),
    "two of one serial": ({"drives": (FIRST, SECOND, Seen(replace(LOOP, device="vdc")))}, "there 2 times"),
    "a drive in use": ({"drives": (FIRST, replace(SECOND, used_by=("mounted at /",)))}, "in use: mounted at /"),
    "a device that is held": ({"device_problems": {"vda": "it is in use", "vdb": ""}}, "it is in use"),
    "a device that nobody looked at": ({"device_problems": {"vda": ""}}, "not looked at"),
}


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_one_thing_wrong_is_enough(values: dict[str, Any], said: str) -> None:
    assert any(said in reason for reason in reasons(**values)), reasons(**values)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (replace(ORDER, drives=()), "an empty list means stop"),
        (replace(ORDER, nonce=""), "another boot"),
        (replace(ORDER, drives=(ORDER.drives[0], ORDER.drives[0])), "there 2 times"),
        (replace(ORDER, drives=(ORDER.drives[0], replace(ORDER.drives[1], method="magic"))), "no method 'magic'"),
        (replace(ORDER, drives=(ORDER.drives[0], replace(ORDER.drives[1], read_whole=False))), "read whole"),
        (replace(ORDER, drives=(replace(ORDER.drives[0], read_back="changed"), ORDER.drives[1])), "read back zeroes"),
    ],
)
def test_an_order_that_asks_for_what_cannot_be_right_is_refused(order: Order, said: str) -> None:
    assert any(said in reason for reason in reasons(order))


def test_everything_wrong_is_said_at_once() -> None:
    said = reasons(
        marker="", bad_signature="bad", serial="", hostname="", command_line="", drives=(), now=NOW + timedelta(days=1)
    )
    assert len(said) >= 7


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
def test_no_two_wrongs_make_a_right(chosen: set[str]) -> None:
    values: dict[str, Any] = {}
    for name in sorted(chosen):
        values |= WRONG[name][0]
    assert reasons(**values)


serials = st.lists(st.sampled_from(["L1", "L2", "L3", ""]), max_size=4)
sizes = st.sampled_from([LOOP.size, 512])


@given(serials, st.lists(sizes, min_size=4, max_size=4), serials, st.lists(sizes, min_size=4, max_size=4))
def test_drives_that_are_not_exactly_those_of_the_order_are_never_touched(
    ordered: list[str], ordered_sizes: list[int], present: list[str], present_sizes: list[int]
) -> None:
    drives = tuple(
        replace(ORDER.drives[0], serial=serial, size=size) for serial, size in zip(ordered, ordered_sizes, strict=False)
    )
    seen = tuple(
        Seen(replace(LOOP, device=f"vd{number}", serial=serial, size=size))
        for number, (serial, size) in enumerate(zip(present, present_sizes, strict=False))
    )
    here = [one.drive.identity for one in seen]
    exactly = bool(drives) and sorted(here) == sorted(drive.identity for drive in drives)
    exactly = exactly and len(set(present)) == len(present) and "" not in present
    problems = {one.drive.device: "" for one in seen}
    assert (not reasons(replace(ORDER, drives=drives), drives=seen, device_problems=problems)) == exactly
