"""What the lab's Prometheus knows."""

from __future__ import annotations

from typing import Any

import requests

from tests.lab.conftest import Lab

WITHIN = 150.0
"""Seconds until what happened is an alert: two looks at NetBox, a scrape, two evaluations, on a busy machine."""

type Samples = dict[tuple[tuple[str, str], ...], float]
"""{(label, value), ...: value}."""


def ask(lab: Lab, path: str, **parameters: str) -> Any:
    """What its API answers."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{lab.endpoints['prometheus']['url']}/api/v1/{path}", params=parameters, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def values(lab: Lab, query: str) -> Samples:
    """What a query comes to now."""
    found = ask(lab, "query", query=query)["result"]
    return {
        tuple(
            sorted((name, value) for name, value in one["metric"].items() if name not in {"__name__", "job", "instance"})
        ): float(one["value"][1])
        for one in found
    }


def value(lab: Lab, query: str) -> float | None:
    """What a query with one answer comes to; None where there is none."""
    found = values(lab, query)
    assert len(found) <= 1, found
    return next(iter(found.values()), None)


def until(lab: Lab, query: str, wanted: float) -> None:
    """Waits until the query comes to that."""
    lab.until(lambda: value(lab, query) == wanted, f"{query} to be {wanted:g}", WITHIN)


def alert(lab: Lab, name: str, **labels: str) -> dict[str, str]:
    """The annotations of the alert that is raised with these labels; waits for it."""

    def raised() -> list[dict[str, str]]:
        return [
            one["annotations"]
            for one in ask(lab, "alerts")["alerts"]
            if one["state"] == "firing" and {"alertname": name, **labels}.items() <= one["labels"].items()
        ]

    lab.until(raised, f"the alert {name} {labels}", WITHIN)
    return raised()[0]
