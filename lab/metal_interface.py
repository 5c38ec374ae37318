"""What the control plane asks of the metal, where there is metal."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec


def call(module: str, function: str) -> bool:
    """Calls `lab.metal.<module>.<function>()`; False where there is no such module."""
    if find_spec("lab.metal") is None or find_spec(f"lab.metal.{module}") is None:
        return False
    action: Callable[[], None] = getattr(import_module(f"lab.metal.{module}"), function)
    action()
    return True
