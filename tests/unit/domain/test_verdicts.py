"""What counts as passed, failed and not measured."""

from __future__ import annotations

from collections.abc import Mapping

from turnup.domain.policy import BurnInTest, Threshold
from turnup.domain.verdicts import Outcome, Unreadable, judge

TEST = BurnInTest("disk", 5, thresholds=(Threshold("iops", at_least=100), Threshold("latency", at_most=2)))


def returned(**differs: object) -> dict[str, object]:
    return {"exit_code": 0, "stdout": "", "stderr": "", "seconds": 5.0} | differs


def outcomes(figures: Mapping[str, float]) -> dict[str, Outcome]:
    return {one.figure: one.outcome for one in judge(TEST, lambda _: figures, returned())}


def test_figures_within_their_thresholds_pass() -> None:
    assert outcomes({"iops": 100, "latency": 2}) == {"iops": Outcome.PASS, "latency": Outcome.PASS}


def test_a_figure_below_or_above_its_threshold_fails() -> None:
    assert outcomes({"iops": 99.9, "latency": 2.1}) == {"iops": Outcome.FAIL, "latency": Outcome.FAIL}


def test_a_figure_that_was_not_printed_is_not_measured() -> None:
    assert outcomes({"iops": 500}) == {"iops": Outcome.PASS, "latency": Outcome.NOT_MEASURED}


def test_an_exit_code_fails_whatever_was_printed() -> None:
    (verdict,) = judge(TEST, lambda _: {"iops": 500, "latency": 1}, returned(exit_code=3, stderr="verification failed"))
    assert verdict.outcome is Outcome.FAIL
    assert "verification failed" in verdict.evidence


def test_unreadable_output_is_not_measured() -> None:
    def read(_: str) -> Mapping[str, float]:
        raise Unreadable("no figure")

    (verdict,) = judge(TEST, read, returned())
    assert verdict.outcome is Outcome.NOT_MEASURED


def test_what_is_no_result_at_all_is_not_measured() -> None:
    for value in ("'turnup_burnin.run' is not available.", None, {}, {"exit_code": "0"}):
        (verdict,) = judge(TEST, lambda _: {}, value)
        assert verdict.outcome is Outcome.NOT_MEASURED
