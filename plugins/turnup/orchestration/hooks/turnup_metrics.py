"""Metrics: the token that Prometheus shows when it scrapes `/turnup/metrics`."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from turnup.domain.errors import Refused
from turnup.orchestration.hooks.kind import Field, Hook

CONNECTION = "turnup_metrics_default"
SHORTEST = 16
"""Characters of a token. `openssl rand -hex 32` gives 64."""


@dataclass(frozen=True)
class Tokens:
    """Every token that is valid now."""

    valid: tuple[str, ...]

    def know(self, given: str) -> bool:
        """Whether it is one of them. It takes as long whichever it is, and if it is none."""
        found = False
        for one in self.valid:
            found |= hmac.compare_digest(one.encode(), given.encode("utf-8", "replace"))
        return found


class MetricsHook(Hook):
    """What Prometheus and Airflow's API server have to agree about: a login of Airflow's ends after a day."""

    conn_type = "turnup_metrics"
    hook_name = "Metrics (Prometheus scrapes turnup)"
    fields = (
        Field("password", "Scrape token", "as in Prometheus: openssl rand -hex 32", required=True, secret=True),
        Field(
            "previous_token",
            "Previous token",
            meaning="Valid beside the token while it is changed; several are separated by spaces. Clear it afterwards.",
            section="Rotation",
            secret=True,
        ),
    )

    def tokens(self) -> Tokens:
        """What was filled in. Refused: a token is too short to be one."""
        self.complete()
        valid = (self.text("password"), *self.text("previous_token").split())
        if any(len(token) < SHORTEST for token in valid):
            raise Refused(
                f"A token of the Airflow connection {self.conn_id!r} has fewer than {SHORTEST} characters.",
                "make one with: openssl rand -hex 32.",
                cause="connection-incomplete",
            )
        return Tokens(valid)

    def look(self) -> str:
        """How many tokens are valid. Whether Prometheus has one, it says itself: its target is up."""
        return f"{len(self.tokens().valid)} token(s) are valid at /turnup/metrics. Look in Prometheus whether its target is up."


HOOK = MetricsHook
