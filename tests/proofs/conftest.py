"""Proofs see the lab as its tests do."""

from tests.lab.conftest import lab, running_lab

__all__ = ["lab", "running_lab"]
