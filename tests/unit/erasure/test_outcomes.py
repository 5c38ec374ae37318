"""Nothing but a proven success reads as wiped; everything else is on the pull-and-shred list, with its slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.erasure.worlds import NOW, ORDER, proof, state
from turnup.erasure.orders import Order
from turnup.erasure.outcomes import Outcome, Result, outcomes, shred

FIRST, SECOND = ORDER.drives


def judged(first_state: dict[str, Any] | None = None, first_proof: dict[str, Any] | None = None, order: Order = ORDER) -> Outcome:
    """The outcome of the first drive, the second being right."""
    states = [state(SECOND)] if first_state == {} else [state(FIRST, **(first_state or {})), state(SECOND)]
    proofs = [proof(order, SECOND)] if first_proof == {} else [proof(order, FIRST, **(first_proof or {})), proof(order, SECOND)]
    first, second = outcomes(order, states, proofs)
    assert second.wiped
    return first


def test_what_was_erased_and_proven_is_wiped() -> None:
    assert judged() == Outcome("L1", FIRST.size, "LABMETAL D256", "1", Result.WIPED, "", "overwrite", "clear")
    assert (
        shred(ORDER, "R1", "U1", outcomes(ORDER, [state(d) for d in ORDER.drives], [proof(ORDER, d) for d in ORDER.drives])) == ()
    )


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("failed", Result.FAILED),
        ("read-only", Result.READ_ONLY),
        ("hung", Result.HUNG),
        ("refused", Result.REFUSED),
        ("not-begun", Result.NOT_BEGUN),
        ("interrupted", Result.FAILED),
        ("running", Result.FAILED),
        ("waiting", Result.FAILED),
        ("wiped", Result.FAILED),
        ("", Result.FAILED),
    ],
)
def test_what_did_not_end_well_has_an_outcome_of_its_own_even_if_it_reads_as_zero(said: str, result: Result) -> None:
    found = judged({"state": said, "why": "because"})
    assert (found.result, found.method, found.level) == (result, "", "")
    assert found.why


@pytest.mark.parametrize(
    ("first_state", "first_proof", "why"),
    [
        ({}, None, "knows nothing"),
        (None, {}, "not read back"),
        (None, {"passed": False, "why": "3 blocks"}, "3 blocks"),
        (None, {"passed": 1}, "does not prove"),
        (None, {"state": "running"}, "does not prove"),
        (None, {"state": "failed", "passed": False}, "does not prove"),
        (None, {"order": "0" * 64}, "another order"),
        (None, {"read_back": "changed"}, "what its method does not leave"),
        (None, {"began": NOW.isoformat()}, "before the wipe ended"),
        (None, {"began": None}, "before the wipe ended"),
        ({"ended": None}, None, "before the wipe ended"),
        ({"method": "blkdiscard_zeroes"}, None, "another method"),
        ({"level": "purge"}, None, "another method"),
        ({"size": 1}, None, "knows nothing"),
        (None, {"size": 1}, "not read back"),
    ],
)
def test_what_is_not_proven_is_not_wiped(first_state: Any, first_proof: Any, why: str) -> None:
    found = judged(first_state, first_proof)
    assert found.result is Result.FAILED
    assert why in found.why


def test_two_states_of_one_drive_say_nothing_certain() -> None:
    states, proofs = [state(FIRST), state(FIRST), state(SECOND)], [proof(ORDER, drive) for drive in ORDER.drives]
    assert not outcomes(ORDER, states, proofs)[0].wiped


def test_zeros_that_the_drive_wrote_by_itself_count_only_if_every_byte_was_read() -> None:
    states = [state(drive) for drive in ORDER.drives]
    for values in ({"coverage": "sample"}, {"bytes_read": SECOND.size - 1}):
        first, second = outcomes(ORDER, states, [proof(ORDER, FIRST), proof(ORDER, SECOND, **values)])
        assert first.wiped
        assert "not read back whole" in second.why


def test_the_shred_list_names_server_slot_and_reason() -> None:
    found = outcomes(ORDER, [state(FIRST, state="hung", why="no progress", slot="7"), state(SECOND)], [proof(ORDER, SECOND)])
    (entry,) = shred(ORDER, "R1", "U1", found)
    assert (entry.server, entry.rack, entry.unit, entry.slot, entry.serial) == ("lab1-r1-n01", "R1", "U1", "7", "L1")
    assert entry.why == "hung: no progress"
    assert outcomes(ORDER, [], [])[0].slot == "unknown"


odd = st.sampled_from([None, "", "running", "failed", "hung", 0, 1, False, "whole", "sample", NOW.isoformat(), FIRST.size])


@given(
    st.dictionaries(st.sampled_from(sorted(state(FIRST))), odd),
    st.dictionaries(st.sampled_from(sorted(proof(ORDER, FIRST))), odd),
)
def test_whatever_agent_and_prover_say_only_what_matters_being_right_makes_it_wiped(
    said: dict[str, Any], read: dict[str, Any]
) -> None:
    one, other = state(FIRST, **said), proof(ORDER, FIRST, **read)
    found = outcomes(replace(ORDER, drives=(FIRST,)), [one], [other | {"order": replace(ORDER, drives=(FIRST,)).sha256}])[0]
    if found.wiped:
        assert (one["state"], one["method"], one["level"]) == ("ended", FIRST.method, FIRST.level)
        assert other["state"] == "read"
        assert other["passed"] is True
        assert other["read_back"] == "zeroes"
        assert (one["serial"], one["size"]) == (other["serial"], other["size"]) == FIRST.identity
        assert str(other["began"]) >= (NOW + timedelta(minutes=2)).isoformat() or one["ended"] == NOW.isoformat()
