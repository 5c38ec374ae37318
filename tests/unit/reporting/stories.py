"""Runs over fakes that leave what orchestration leaves: facts, times, documents. The clock is the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.flow.datacenter import Install
from turnup.domain.errors import RefusedPlan, TurnupError, as_document
from turnup.flow import times
from turnup.flow.install import INSTALL
from turnup.flow.times import FACTS, Outcome, Span, Waited
from turnup.reporting.gather import gather
from turnup.reporting.report import Report

BEGAN = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


@dataclass
class Told(Install):
    """An install that keeps its times."""

    def at(self) -> str:
        return (BEGAN + timedelta(seconds=self.now)).isoformat()

    def begin(self, **params: Any) -> None:
        facts = {"started_by": "operator", "started_at": self.at(), "params": {"site": "here", "rack": "A", **params}}
        self.records.write(FACTS, json.dumps(facts).encode())

    def keep(self, row: str, began: str, error: TurnupError | None = None, server: str = "", attempt: int = 1) -> None:
        outcome = Outcome.FAILED if error else Outcome.DONE
        problems = tuple(
            {"subject": one.subject, "what": one.what, "advice": one.advice} for one in getattr(error, "problems", ())
        )
        document = as_document(error) if error else {}
        waits = (Waited("SSH to answer at 10.0.1.1", 42.0, "connection refused"),) if row == "boot" else ()
        times.keep(self.records, Span(row, attempt, began, self.at(), outcome, server, waits, document, problems))

    def refused(self, **ask: Any) -> None:
        self.begin(**ask)
        try:
            self.make_plan(**ask)
        except RefusedPlan as error:
            self.keep("plan", self.at(), error)
        else:
            raise AssertionError("the plan was not refused")

    def rack_rows(self) -> tuple[str, ...]:
        self.now += 2
        names = super().rack_rows()
        for row in INSTALL.rack_rows:
            self.keep(row.name, self.at())
        return names

    def row(self, row: str, name: str, *, resumed: bool = False) -> bool:
        began = self.at()
        self.now += 7
        done = super().row(row, name, resumed=resumed)
        self.keep(row, began, None if done else self.failed[name], name, attempt=2 if resumed else 1)
        return done

    def told(self, *, going_on: bool = False) -> Report:
        return gather(self.records, self.run, self.at(), going_on=going_on)
