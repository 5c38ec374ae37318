"""Rows and their times, from the tries that were kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from turnup.flow.times import EACH, RACK_WIDE, Outcome, Waited
from turnup.reporting.folder import Folder
from turnup.reporting.report import Cause, Problem, Row, State, Try

STATES = {Outcome.DONE: State.DONE, Outcome.FAILED: State.FAILED, Outcome.AGAIN: State.STOPPED}


@dataclass(frozen=True)
class Past:
    """One try as it was kept, with the cause that it ended with."""

    row: str
    one: Try
    error: Mapping[str, str]
    problems: tuple[Problem, ...]

    def cause(self, *, mended: bool) -> Cause:
        """Why it failed."""
        return cause_of(self.row, self.error, at=self.one.ended, mended=mended)


def cause_of(row: str, error: Mapping[str, str], *, at: str | None = None, mended: bool = False) -> Cause:
    """A cause from an error's document."""
    what, advice, code = (str(error.get(key) or "") for key in ("what", "advice", "cause"))
    return Cause(row, what, advice, code, at, mended)


def past(folder: Folder, server: str = "") -> list[Past]:
    """Every try of a server's rows, or of the rack-wide ones, in the order in which they began."""
    kept = folder.all_of(f"{EACH}/{server}" if server else RACK_WIDE)
    return sorted((_past(document) for document in kept), key=lambda one: one.one.began)


def _past(document: Mapping[str, Any]) -> Past:
    began, ended = str(document.get("began", "")), str(document.get("ended", ""))
    waits = tuple(Waited(one["what"], one["seconds"], one.get("last", "")) for one in document.get("waits") or ())
    outcome = Outcome(document.get("outcome", Outcome.FAILED))
    error = document.get("error") or {}
    seconds, what = seconds_between(began, ended) or 0.0, str(error.get("what") or "")
    one = Try(int(document.get("attempt", 1)), began, ended, seconds, outcome, waits, what)
    problems = tuple(Problem(one["subject"], one["what"], one.get("advice", "")) for one in document.get("problems") or ())
    return Past(str(document.get("row", "")), one, error, problems)


def row(name: str, title: str, tries: Sequence[Past]) -> Row:
    """A row that was tried, or not reached."""
    if not tries:
        return Row(name, title, State.PENDING)
    all_of_it = tuple(one.one for one in tries)
    seconds = round(sum(one.seconds for one in all_of_it), 1)
    return Row(name, title, STATES[all_of_it[-1].outcome], all_of_it[0].began, all_of_it[-1].ended, seconds, all_of_it)


def causes(tries: Iterable[Past]) -> list[Cause]:
    """Every cause of the tries, in order; one is mended where the same row was done later."""
    listed = list(tries)
    done = {one.row: one.one.ended for one in listed if one.one.outcome is Outcome.DONE}
    failed = [one for one in listed if one.one.outcome is Outcome.FAILED and one.error]
    return [one.cause(mended=done.get(one.row, "") > one.one.ended) for one in failed]


def seconds_between(began: str | None, ended: str | None) -> float | None:
    """The seconds from one time to another; None where one of them is none."""
    try:
        return round((datetime.fromisoformat(ended or "") - datetime.fromisoformat(began or "")).total_seconds(), 1)
    except (ValueError, TypeError):
        return None
