"""The release that agent and prover, which travel alone, say that they are of."""

from __future__ import annotations

RELEASE = "0.1.0"
