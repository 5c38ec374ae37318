"""Verdicts are values: what was measured, what it should have been, and how that is judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from turnup.domain.policy import BurnInTest, Threshold


class Outcome(StrEnum):
    """How a figure is judged. What was not measured never counts as passed."""

    PASS = "pass"  # noqa: S105 -- a verdict, no password
    FAIL = "fail"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Verdict:
    """One figure of one test. `value` is None where it was not measured; `evidence` says what was seen."""

    test: str
    figure: str
    outcome: Outcome
    value: float | None
    evidence: str

    def __str__(self) -> str:
        return f"{self.test} {self.figure}: {self.outcome}, {self.evidence}"

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class Unreadable(ValueError):
    """What a test printed is not what its parser knows."""


def judge(test: BurnInTest, read: Callable[[str], Mapping[str, float]], returned: object) -> tuple[Verdict, ...]:
    """Judge what a server returned for a test: {"exit_code": int, "stdout": str, "stderr": str, "seconds": float}."""
    if not isinstance(returned, Mapping) or not isinstance(returned.get("exit_code"), int):
        return (Verdict(test.test, "exit_code", Outcome.NOT_MEASURED, None, f"the server returned {str(returned)[:300]!r}"),)
    exit_code = returned["exit_code"]
    if exit_code != 0:
        stderr = str(returned.get("stderr", "")).strip()[-300:]
        return (Verdict(test.test, "exit_code", Outcome.FAIL, exit_code, f"ended with {exit_code}: {stderr}"),)
    try:
        figures = read(str(returned.get("stdout", "")))
    except Unreadable as error:
        return (Verdict(test.test, "output", Outcome.NOT_MEASURED, None, f"its output cannot be read: {error}"),)
    judged = {threshold.figure: _against(test.test, threshold, figures.get(threshold.figure)) for threshold in test.thresholds}
    for figure, value in figures.items():
        judged.setdefault(figure, Verdict(test.test, figure, Outcome.PASS, value, f"{value:g}, no threshold"))
    return tuple(judged.values())


def _against(test: str, threshold: Threshold, value: float | None) -> Verdict:
    """One figure against its threshold."""
    if value is None:
        return Verdict(test, threshold.figure, Outcome.NOT_MEASURED, None, "the test did not print it")
    limits = []
    if threshold.at_least is not None:
        limits.append((value >= threshold.at_least, f"at least {threshold.at_least:g}"))
    if threshold.at_most is not None:
        limits.append((value <= threshold.at_most, f"at most {threshold.at_most:g}"))
    outcome = Outcome.PASS if all(kept for kept, _ in limits) else Outcome.FAIL
    return Verdict(test, threshold.figure, outcome, value, f"{value:g}, wanted {' and '.join(text for _, text in limits)}")
