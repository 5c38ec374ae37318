"""`./lab/fault SERVER KIND`, `./lab/fault SERVER clear`, `./lab/fault --list`: makes one lab server misbehave."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from lab.errors import LabError


def main(arguments: Sequence[str]) -> int:
    """Hands over to the metal."""
    if find_spec("lab.metal") is None or find_spec("lab.metal.faults") is None:
        raise LabError("This lab's metal knows no faults.")
    return int(import_module("lab.metal.faults").main(list(arguments)))
